package api

import (
	"iter"
	"slices"

	"github.com/carillon-cron/carillon/services/gateway/internal/feed"
	"github.com/google/uuid"
)

// latest keeps the last event of each job, in the order of events.
type latest struct {
	kept []kept
	at   map[uuid.UUID]int // where a job's event is in kept
}

// mostHeld is how many jobs' events are held.
const mostHeld = 16 * chunk

type kept struct {
	event   *feed.Event // nil: a later one has taken its place
	skipped int         // earlier ones that it stands for
}

func newLatest() *latest { return &latest{at: map[uuid.UUID]int{}} }

func (l *latest) add(event *feed.Event) {
	next := kept{event: event}
	if i, ok := l.at[event.JobID]; ok {
		next.skipped = l.kept[i].skipped + 1
		l.kept[i].event = nil
	}
	l.at[event.JobID] = len(l.kept)
	l.kept = append(l.kept, next)
	if len(l.kept) >= 2*mostHeld {
		l.compact()
	}
}

// compact drops what later events have taken the place of.
func (l *latest) compact() {
	l.kept = slices.DeleteFunc(l.kept, func(k kept) bool { return k.event == nil })
	for i, k := range l.kept {
		l.at[k.event.JobID] = i
	}
}

// full reports whether it is time to send: what is held is bounded.
func (l *latest) full() bool { return len(l.at) >= mostHeld }

// all yields the events, each with how many earlier ones of its job it stands for.
func (l *latest) all() iter.Seq2[*feed.Event, int] {
	return func(yield func(*feed.Event, int) bool) {
		for _, k := range l.kept {
			if k.event != nil && !yield(k.event, k.skipped) {
				return
			}
		}
	}
}

func (l *latest) clear() {
	l.kept = nil // what a herd needed is not kept
	clear(l.at)
}
