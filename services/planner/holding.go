package planner

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/commit"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

const (
	// lookEvery is how often held fires are tried again, while there are any.
	lookEvery = 250 * time.Millisecond
	// mostAsked bounds the jobs that one look asks about, in one question. Where
	// more have fires that wait, they take turns.
	mostAsked = 400
)

// holding looks after the fires that the marks hold: it finds out which of their
// jobs have no run in flight any more, and cancels runs that are to be replaced.
// What is held is in the marks alone, so nothing is lost with it.
type holding struct {
	look     time.Time // when next
	last     uuid.UUID // job that the last look ended at
	replaced *canceller
}

func newHolding(courier *courier) *holding { return &holding{replaced: newCanceller(courier)} }

// lookNow lets the next look come at once.
func (h *holding) lookNow() { h.look = time.Time{} }

// untilLook is how long the loop may sleep for the held fires.
func (h *holding) untilLook(marks map[int]commit.Mark) time.Duration {
	for _, mark := range marks {
		if len(mark.Held) > 0 {
			return time.Until(h.look)
		}
	}
	return longestSleep
}

// free lists jobs with held fires that have no run in flight, or have been deleted,
// when it is time to look.
func (h *holding) free(ctx context.Context, l *loop, now time.Time) []uuid.UUID {
	if now.Before(h.look) && h.look.Sub(now) <= lookEvery { // further off: the clock was set back
		return nil
	}
	jobs := h.turn(l)
	if len(jobs) == 0 {
		return nil
	}
	h.look = now.Add(lookEvery)
	busy, err := l.committer.Busy(ctx, jobs)
	if err != nil {
		slog.Warn("not known which held fires may run", "jobs", len(jobs), "error", err)
		return nil
	}
	for _, job := range busy {
		h.replace(l, job, now)
	}
	h.replaced.report()
	return slices.DeleteFunc(jobs, func(job uuid.UUID) bool { return slices.Contains(busy, job) && !l.agenda.Newest(job).Deleted() })
}

// turn lists the jobs with held fires whose turn it is, after those of the last
// look.
func (h *holding) turn(l *loop) []uuid.UUID {
	var jobs []uuid.UUID
	fires := 0
	for _, mark := range l.marks {
		for job, waiting := range mark.Held {
			fires += len(waiting)
			if l.agenda.Revision(job, waiting[0].Revision) != nil {
				jobs = append(jobs, job)
			}
		}
	}
	heldFires.Set(float64(fires))
	h.replaced.forget(func(job uuid.UUID) bool { return len(l.marks[carillon.PartitionOf(job)].Held[job]) == 0 })
	if len(jobs) == 0 {
		return nil
	}
	slices.SortFunc(jobs, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	start, _ := slices.BinarySearchFunc(jobs, h.last, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	jobs = slices.Concat(jobs[start:], jobs[:start])
	jobs = jobs[:min(len(jobs), mostAsked)]
	h.last = next(jobs[len(jobs)-1])
	return jobs
}

// next is the id after another.
func next(id uuid.UUID) uuid.UUID {
	for i := len(id) - 1; i >= 0; i-- {
		if id[i]++; id[i] != 0 {
			break
		}
	}
	return id
}

// replace cancels the runs of a job that are in the way of a held fire, if that
// is its policy.
func (h *holding) replace(l *loop, job uuid.UUID, now time.Time) {
	waiting := l.marks[carillon.PartitionOf(job)].Held[job]
	last := waiting[len(waiting)-1]
	if l.agenda.Revision(job, last.Revision).Overlap == carillon.OverlapReplace {
		h.replaced.cancel(job, last.At, now)
	}
}
