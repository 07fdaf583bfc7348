package agenda

import (
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

const (
	// retention is for how long a reach is kept that the mark has passed: news that
	// comes later than this is planned in part only.
	retention = time.Hour
	// mostReaches bounds the reaches in a mark, which is one message; each is about
	// 120 bytes.
	mostReaches = 1000
)

// cursor is the fire time up to which a job of an owned partition is planned.
func (a *Agenda) cursor(j *job) time.Time {
	mark := &a.partitions[j.partition].mark
	cursor := latest(mark.Floor.Add(-1), a.planned(j, mark.Reach))
	for _, reach := range mark.Past {
		cursor = latest(cursor, a.planned(j, reach))
	}
	return cursor
}

// planned is the instant up to which a reach covers all fires of a job: where it
// ends, or where news begins that it had not seen.
func (a *Agenda) planned(j *job, reach wire.Reach) time.Time {
	end := reach.At
	if !reach.Covers(end, j.id) {
		end = end.Add(-1)
	}
	if news := a.newsSince(j, reach.Seen); !news.IsZero() && !news.After(end) {
		end = news.Add(-1)
	}
	return end
}

// newsSince returns when the first begins of all that came in about a job after a
// sequence.
func (a *Agenda) newsSince(j *job, seen uint64) (news earliest) {
	for _, r := range j.revisions {
		if r.newsTo(seen) {
			news.note(r.From)
		}
	}
	a.pauses.since(j.newest().Namespace, seen, &news)
	return news
}

// wasPlanned reports whether a fire beyond the cursor of its job has been planned
// by what was known before.
func (a *Agenda) wasPlanned(j *job, at time.Time) bool {
	mark := &a.partitions[j.partition].mark
	return a.fired(j, mark.Reach, at) || slices.ContainsFunc(mark.Past, func(reach wire.Reach) bool { return a.fired(j, reach, at) })
}

// fired reports whether a reach covers an instant at which the job fired, by what
// the reach had seen. Where JOBS does not say any more, it did.
func (a *Agenda) fired(j *job, reach wire.Reach, at time.Time) bool {
	if !reach.Covers(at, j.id) {
		return false
	}
	r, known := j.held(at, reach.Seen)
	if !known || r == nil {
		return !known
	}
	return r.fires(at) && !a.pauses.held(r.Namespace, at, reach.Seen)
}

// Stamp completes the next mark of a partition, for a batch whose last fire there
// is last; or nil, if it takes none off the agenda. The agenda does not change
// before [Agenda.Stored].
func (a *Agenda) Stamp(number int, mark wire.Mark, last *Fire) wire.Mark {
	p := &a.partitions[number]
	late := !p.news.IsZero() && !p.news.After(p.mark.At)
	switch {
	case last != nil:
		mark.Reach = wire.Reach{At: last.At, Job: last.Job}
	case late: // nothing of the late news is planned yet
		mark.Reach = wire.Reach{At: p.news.Add(-1), Job: uuid.Max}
	}
	mark.Seen, mark.Past = max(a.seen, p.mark.Seen), slices.Clone(p.mark.Past)
	if late {
		mark.Past = append(mark.Past, p.mark.Reach)
	}
	return trim(mark)
}

// trim forgets reaches that lie too far back, or are too many, and lifts the floor
// to the end of what it forgets.
func trim(mark wire.Mark) wire.Mark {
	forgotten := max(0, len(mark.Past)-mostReaches)
	for i, reach := range mark.Past {
		if i < forgotten || reach.At.Before(mark.At.Add(-retention)) {
			mark.Floor = latest(mark.Floor, reach.At.Add(1))
		}
	}
	mark.Past = slices.DeleteFunc(mark.Past, func(reach wire.Reach) bool { return reach.At.Before(mark.Floor) })
	return mark
}

// Stored takes note of the mark that is stored of a partition: what Stamp made, or
// still the one before.
func (a *Agenda) Stored(number int, mark wire.Mark) {
	if p := &a.partitions[number]; !p.mark.Same(mark) {
		p.mark, p.news = mark, earliest{}
		a.bury()
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
