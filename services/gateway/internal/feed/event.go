package feed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// Event is one turn in the life of a run. It is safe for concurrent use.
type Event struct {
	Sequence  uint64
	Namespace string
	JobID     uuid.UUID // the zero UUID if the subject has none
	kind      topology.Event
	body      []byte // a wire.Outcome
	once      sync.Once
	decoded   decoded
}

// decoded is what an event says, for filters and for clients.
type decoded struct {
	state  carillon.State
	kind   carillon.Kind
	labels map[string]string
	text   []byte
}

// newEvent reads the subject feed.<namespace>.<job>.<event>. The event keeps body.
func newEvent(sequence uint64, subject string, body []byte) *Event {
	tokens := strings.SplitN(subject, ".", 4)
	if len(tokens) < 4 {
		tokens = append(tokens, "", "", "", "")
	}
	job, _ := uuid.Parse(tokens[2])
	return &Event{
		Sequence: sequence, Namespace: tokens[1], JobID: job,
		kind: topology.Event(tokens[3]), body: body,
	}
}

// size is about what the event takes in memory.
func (e *Event) size() int { return 200 + 2*len(e.body) }

// Text is the event as clients get it, or nil if it cannot be read. It is shared:
// nobody may change it.
func (e *Event) Text() []byte { return e.run().text }

func (e *Event) run() *decoded {
	e.once.Do(e.decode)
	return &e.decoded
}

// Message is the form of an event for clients.
type Message struct {
	Sequence uint64         `json:"seq" doc:"Sequence of the event: resume after it with since." example:"1042"`
	Event    topology.Event `json:"event" doc:"What happened." enum:"queued,started,attempted,finished"`
	Run      wire.Outcome   `json:"run" doc:"The run after the event, without the captured response."`
	Skipped  int            `json:"skipped,omitempty" doc:"With coalesce: how many earlier events of the same job were left out for this one."`
}

// WithSkipped is the text of an event that stands for earlier ones as well.
func WithSkipped(text []byte, skipped int) []byte {
	if skipped == 0 {
		return text
	}
	return fmt.Appendf(bytes.Clone(text[:len(text)-1]), `,"skipped":%d}`, skipped)
}

func (e *Event) decode() {
	message := Message{Sequence: e.Sequence, Event: e.kind}
	if err := json.Unmarshal(e.body, &message.Run); err != nil {
		slog.Warn("outcome cannot be read", "sequence", e.Sequence, "error", err)
		return
	}
	if message.Run.Attempt != nil {
		message.Run.Attempt.Response = "" // up to 4 KiB that a live view does not need
	}
	run := &message.Run
	text, _ := json.Marshal(message) // cannot fail: it holds what JSON held before
	e.decoded = decoded{run.State, run.Kind, run.Labels, text}
	e.body = nil
}
