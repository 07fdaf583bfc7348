package plan

import (
	"fmt"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
)

// step lets one thing happen.
func (h *history) step() {
	n := h.planners[h.random.IntN(len(h.planners))]
	switch h.random.IntN(14) {
	case 0, 1:
		h.now = h.now.Add(time.Duration(h.random.IntN(8000)) * time.Millisecond)
	case 2, 3:
		h.write()
	case 4, 5:
		h.relay()
	case 6, 7, 8:
		h.deliver(n, 1+h.random.IntN(3))
	case 9:
		h.own(n, h.random.IntN(carillon.Partitions))
	case 10: // of a job's own partition, whoever else has it
		h.own(n, carillon.PartitionOf(h.jobs[h.random.IntN(len(h.jobs))]))
	case 11:
		if p := h.random.IntN(carillon.Partitions); h.random.IntN(4) > 0 {
			h.disown(n, p)
		} else { // killed, and replaced by one that knows JOBS and nothing else
			h.planners[h.random.IntN(len(h.planners))] = h.start()
		}
	default:
		h.plan(n, true)
	}
	if h.harsh {
		h.hurt()
	}
}

// hurt lets JOBS lose what it holds, or be written to in a hurry.
func (h *history) hurt() {
	switch h.random.IntN(40) {
	case 0:
		h.resync()
	case 1:
		for range 20 {
			h.write()
			h.relay()
		}
	}
}

// finish lets everything arrive and a last planner plan it.
func (h *history) finish() {
	for len(h.outbox) > 0 {
		h.relay()
	}
	n := h.planners[0]
	h.deliver(n, len(h.stream))
	h.now = h.now.Add(70 * time.Second)
	for p := range carillon.Partitions {
		h.own(n, p)
	}
	for h.plan(n, false) {
	}
}

// faults lists what is wrong: decisions made twice and, unless JOBS forgets, fires
// of the revision in force without one.
func (h *history) faults() error {
	if h.err != nil {
		return h.err
	}
	for _, id := range h.jobs {
		for at := noon.Add(-2 * time.Minute); !at.After(h.now); at = at.Add(time.Second) {
			r, n := inForce(h.written, id, at), h.planned[id][at]
			if n > 1 || n == 0 && !h.harsh && r != nil && r.fires(at) {
				return fmt.Errorf("fire %s of %s was planned %d times", at, id, n)
			}
		}
	}
	return nil
}

// TestChangesAreExact lets jobs be edited, paused, resumed and deleted, alone, by
// namespace and all together, in time, too late, and out of order, under planners
// that die, lag and lose answers. Every fire of the revision in force is planned,
// nothing twice, and nothing but what was in force by all that its planner knew.
func TestChangesAreExact(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3000) {
		play(t, seed, false)
	}
}

// TestNothingIsPlannedTwiceWhateverJobsLoses has jobs edited more often than JOBS
// keeps revisions, and JOBS itself lost and filled anew.
func TestNothingIsPlannedTwiceWhateverJobsLoses(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3000) {
		play(t, seed, true)
	}
}

func play(t *testing.T, seed uint64, harsh bool) {
	t.Helper()
	h := newHistory(seed, harsh)
	for range 60 + h.random.IntN(60) {
		h.step()
	}
	h.finish()
	if err := h.faults(); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
}
