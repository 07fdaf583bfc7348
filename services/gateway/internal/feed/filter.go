package feed

import (
	"slices"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// Filter says which events a reader wants. Each field narrows them; one that is
// zero leaves them as they are.
type Filter struct {
	Namespace string
	Job       uuid.UUID
	Labels    map[string]string // all of them
	States    []carillon.State  // that the run is in after the event
	Kinds     []carillon.Kind
}

// Admits reports whether a reader wants an event. What the subject says comes
// first: the rest is known only once the event is decoded.
func (f *Filter) Admits(e *Event) bool {
	if f.Namespace != "" && f.Namespace != e.Namespace || f.Job != uuid.Nil && f.Job != e.JobID {
		return false
	}
	return (len(f.States) == 0 || slices.Contains(f.States, e.run().state)) &&
		(len(f.Kinds) == 0 || slices.Contains(f.Kinds, e.run().kind)) &&
		(len(f.Labels) == 0 || e.has(f.Labels))
}

func (e *Event) has(labels map[string]string) bool {
	have := e.run().labels
	for key, value := range labels {
		if got, ok := have[key]; !ok || got != value {
			return false
		}
	}
	return true
}
