package audit

import (
	"cmp"
	"slices"
	"time"
)

// Pause is one change of whether a namespace, or everything, is paused.
type Pause struct {
	Namespace string // empty for everything
	Revision  int64
	Paused    bool
	From      time.Time // it holds for fire times from here on
}

// span is a time for which something was paused.
type span struct{ from, until time.Time } // until is zero without an end

func (s span) holds(at time.Time) bool {
	return !at.Before(s.from) && (s.until.IsZero() || at.Before(s.until))
}

// pauses are the spans of each namespace in order; those of everything are "".
type pauses map[string][]span

// newPauses says when what was paused. As of a job's revisions, of those that have
// begun the greatest holds.
func newPauses(changes []Pause) pauses {
	changes = slices.SortedFunc(slices.Values(changes), func(a, b Pause) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(b.Revision, a.Revision))
	})
	all, until := pauses{}, map[string]time.Time{}
	for _, c := range changes {
		end := until[c.Namespace]
		if !end.IsZero() && !c.From.Before(end) {
			continue // overtaken before it began
		}
		until[c.Namespace] = c.From
		if c.Paused {
			all.prepend(c.Namespace, span{c.From, end})
		}
	}
	for _, spans := range all {
		slices.Reverse(spans)
	}
	return all
}

// prepend adds a span that is before all others, the next of which is the last.
func (p pauses) prepend(namespace string, earlier span) {
	spans := p[namespace]
	if n := len(spans); n > 0 && spans[n-1].from.Equal(earlier.until) {
		spans[n-1].from = earlier.from // paused once more meanwhile
		return
	}
	p[namespace] = append(spans, earlier)
}

// since returns from when on a namespace had been paused at an instant, by itself
// or with everything; the zero time if it was not.
func (p pauses) since(namespace string, at time.Time) time.Time {
	if len(p) == 0 {
		return time.Time{}
	}
	own, everything := p.begin(namespace, at), p.begin("", at)
	if own.IsZero() || !everything.IsZero() && everything.Before(own) {
		return everything
	}
	return own
}

// begin returns when the span began that holds at an instant; the zero time if
// none does.
func (p pauses) begin(namespace string, at time.Time) time.Time {
	spans := p[namespace]
	after, _ := slices.BinarySearchFunc(spans, at, func(s span, at time.Time) int {
		if s.from.After(at) {
			return 1
		}
		return -1
	})
	if after == 0 || !spans[after-1].holds(at) {
		return time.Time{}
	}
	return spans[after-1].from
}

// reason says what was paused at an instant, the job's own namespace first.
func (p pauses) reason(namespace string, at time.Time) string {
	if !p.begin(namespace, at).IsZero() {
		return "its namespace was paused"
	}
	return "everything was paused"
}
