package audit

import (
	"cmp"
	"encoding/json"
	"iter"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/google/uuid"
)

// Revision is one state of a job's definition.
type Revision struct {
	Job             uuid.UUID
	Number          int64
	From            time.Time // it holds for fire times from here on
	Name, Namespace string
	Paused, Deleted bool
	Schedule        []byte // the schedule.Spec as JSON

	until    time.Time // where a later revision begins to hold; zero: nowhere
	expected Tally     // of the fires for which it holds
	found    Tally     // of the rows that name it
	compiled *schedule.Schedule
	err      error // why it could not be compiled
}

// holds reports whether a revision is the one for a fire time.
func (r *Revision) holds(at time.Time) bool {
	return !at.Before(r.From) && (r.until.IsZero() || at.Before(r.until))
}

// active reports whether the revision fires at all.
func (r *Revision) active() bool { return !r.Paused && !r.Deleted }

// line is all that a job ever was, by revision number.
type line struct {
	job       uuid.UUID
	revisions []*Revision
	pauses    pauses
	schedules map[string]*schedule.Schedule // by their JSON: most revisions share theirs
}

// newLine orders the revisions of a job, which are given with the newest first,
// and says where each ends: where the first of the later ones begins.
func newLine(newestFirst []*Revision, pauses pauses) *line {
	var until time.Time
	for _, r := range newestFirst {
		r.until = until
		if until.IsZero() || r.From.Before(until) {
			until = r.From
		}
	}
	slices.Reverse(newestFirst)
	return &line{newestFirst[0].Job, newestFirst, pauses, map[string]*schedule.Schedule{}}
}

// revision returns the revision of a number, or nil.
func (l *line) revision(number int64) *Revision {
	i, ok := slices.BinarySearchFunc(l.revisions, number, func(r *Revision, n int64) int { return cmp.Compare(r.Number, n) })
	if !ok {
		return nil
	}
	return l.revisions[i]
}

// holding returns the revision that holds at an instant; nil before the first.
func (l *line) holding(at time.Time) *Revision {
	for _, r := range l.revisions {
		if r.holds(at) {
			return r
		}
	}
	return nil
}

// fires yields the fires that are expected in a window, in order.
func (l *line) fires(from, to time.Time) iter.Seq2[time.Time, *Revision] {
	return func(yield func(time.Time, *Revision) bool) {
		for _, r := range l.revisions {
			begin, end := later(from, r.From), to
			if !r.until.IsZero() && r.until.Before(end) {
				end = r.until
			}
			if !r.active() || !begin.Before(end) || l.compile(r) != nil {
				continue
			}
			for at := range r.compiled.Between(begin, end) {
				if l.pauses.since(r.Namespace, at).IsZero() && !yield(at, r) {
					return
				}
			}
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// fired reports whether a revision, while it held or after, fires at an instant.
func (l *line) fired(r *Revision, at time.Time) bool {
	if !r.active() || at.Before(r.From) || l.compile(r) != nil {
		return false
	}
	_, ok := r.compiled.Nominal(at)
	return ok
}

// overruled returns from when on a revision did not count for an instant, because
// a later one took effect or because of a pause; the zero time if it counts.
func (l *line) overruled(r *Revision, at time.Time) time.Time {
	paused := l.pauses.since(r.Namespace, at)
	replaced := !r.until.IsZero() && !at.Before(r.until)
	if replaced && (paused.IsZero() || r.until.Before(paused)) {
		return r.until
	}
	return paused
}

// compile makes a revision's schedule ready.
func (l *line) compile(r *Revision) error {
	if r.compiled != nil || r.err != nil {
		return r.err
	}
	if r.compiled = l.schedules[string(r.Schedule)]; r.compiled != nil {
		return nil
	}
	var spec schedule.Spec
	if r.err = json.Unmarshal(r.Schedule, &spec); r.err == nil {
		r.compiled, r.err = spec.Compile(l.job.String())
	}
	if r.err == nil {
		l.schedules[string(r.Schedule)] = r.compiled
	}
	return r.err
}

// unreadable counts the revisions whose schedules were wanted and not readable.
func (l *line) unreadable() (n int) {
	for _, r := range l.revisions {
		if r.err != nil {
			n++
		}
	}
	return n
}
