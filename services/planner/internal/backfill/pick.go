package backfill

import (
	"iter"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/services/planner/internal/plan"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

const (
	// mostPicked bounds the fires that are handed out in one commit, so that it does
	// not keep live fires waiting.
	mostPicked = 100
	// lookAgain is the pause before a backfill is looked at again whose job is busy
	// or paused.
	lookAgain = 250 * time.Millisecond
	// endAgain is the pause before the end of a backfill is published again.
	endAgain = 5 * time.Second
	// held bounds how far a backfill that was held up catches up with its rate.
	held = 100 * time.Millisecond
)

// Pick returns the fires that may be handed out at an instant, those of a backfill
// in order, and the backfills that are over and whose end is to be published.
// marks are the present marks of the owned partitions.
func (r *Register) Pick(a *agenda.Agenda, now time.Time, marks map[int]wire.Mark) (gaps []plan.Gap, over []wire.Backfill) {
	for p, mark := range marks {
		for id, b := range r.partitions[p] {
			from := mark.Backfills[id].Done
			switch {
			case b.Ended || now.Before(b.next) && b.next.Sub(now) <= endAgain: // further off: the clock was set back
			case from >= len(b.Fires) || gone(a, b.JobID):
				b.next = now.Add(endAgain)
				over = append(over, b.Backfill)
			case a.Paused(b.JobID, now):
				b.next = now.Add(lookAgain)
			case len(gaps) < mostPicked:
				gaps = append(gaps, b.pick(a, now, from, mostPicked-len(gaps))...)
			}
		}
	}
	return gaps, over
}

func gone(a *agenda.Agenda, job uuid.UUID) bool {
	newest := a.Newest(job)
	return newest == nil || newest.Deleted()
}

// pick returns the next fires of a backfill, at most so many.
func (b *backfill) pick(a *agenda.Agenda, now time.Time, from, most int) (gaps []plan.Gap) {
	revision := a.Newest(b.JobID)
	n := min(most, len(b.Fires)-from, b.allowed(now))
	if revision.Overlap != carillon.OverlapAllow {
		n = 1
	}
	for i, at := range b.Fires[from : from+n] {
		gaps = append(gaps, plan.Gap{
			Fire: agenda.Fire{At: at, Job: b.JobID, Revision: revision}, Backfill: b.ID, Done: from + i + 1,
		})
	}
	b.next = now.Add(lookAgain) // unless they are handed out
	return gaps
}

// allowed is how many fires the rate allows by now; it is asked when it allows one.
func (b *backfill) allowed(now time.Time) int {
	if b.due.IsZero() || b.due.Sub(now) > endAgain { // further off: the clock was set back
		b.due = now
	}
	b.due = later(b.due, now.Add(-held))
	return 1 + int(max(now.Sub(b.due), 0)/b.interval())
}

// HandedOut takes note at an instant that a batch with some of the gaps is stored.
func (r *Register) HandedOut(batch *plan.Batch, now time.Time) {
	for i := range batch.Decisions {
		d := &batch.Decisions[i]
		if b := r.partitions[carillon.PartitionOf(d.Job)][d.Backfill]; b != nil {
			b.due = b.due.Add(b.interval())
			b.next = b.due
		}
	}
}

// interval is the time between two fires.
func (b *backfill) interval() time.Duration { return time.Second / time.Duration(max(b.Rate, 1)) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// UntilPick is how long nothing is to be handed out of the owned partitions, at
// most the given time.
func (r *Register) UntilPick(now time.Time, owned iter.Seq[int], most time.Duration) time.Duration {
	for p := range owned {
		for _, b := range r.partitions[p] {
			if !b.Ended {
				most = min(most, b.next.Sub(now))
			}
		}
	}
	return most
}
