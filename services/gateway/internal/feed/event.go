package feed

import (
	"encoding/json"
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
	state     carillon.State
	text      []byte
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

// State is the state that the run is in after the event.
func (e *Event) State() carillon.State {
	e.once.Do(e.encode)
	return e.state
}

// Text is the event as clients get it, or nil if it cannot be read. It is shared:
// nobody may change it.
func (e *Event) Text() []byte {
	e.once.Do(e.encode)
	return e.text
}

// Message is the form of an event for clients.
type Message struct {
	Sequence uint64         `json:"seq" doc:"Sequence of the event: resume after it with since." example:"1042"`
	Event    topology.Event `json:"event" doc:"What happened." enum:"queued,started,attempted,finished"`
	Run      wire.Outcome   `json:"run" doc:"The run after the event, without the captured response."`
}

func (e *Event) encode() {
	message := Message{Sequence: e.Sequence, Event: e.kind}
	if err := json.Unmarshal(e.body, &message.Run); err != nil {
		slog.Warn("outcome cannot be read", "sequence", e.Sequence, "error", err)
		return
	}
	if message.Run.Attempt != nil {
		message.Run.Attempt.Response = "" // up to 4 KiB that a live view does not need
	}
	e.state = message.Run.State
	e.text, _ = json.Marshal(message) // cannot fail: it holds what JSON held before
	e.body = nil
}
