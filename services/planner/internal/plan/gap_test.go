package plan

import (
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// TestABackfillLosesNoLiveFire lets a fire of every minute meet runs of a backfill:
// it waits for them, and goes before the next one.
func TestABackfillLosesNoLiveFire(t *testing.T) {
	t.Parallel()
	for _, overlap := range []carillon.Overlap{carillon.OverlapSkip, carillon.OverlapQueue} {
		e := newEdge(t)
		e.apply(1, noon, func(d *carillon.Document) { d.Overlap, d.Schedule.Every = overlap, carillon.Duration(time.Minute) })
		backfill := uuid.New()
		gap := func(n int) Gap {
			fire := agenda.Fire{At: noon.Add(time.Duration(n-10) * time.Minute), Job: e.id, Revision: e.agenda.Newest(e.id)}
			return Gap{Fire: fire, Backfill: backfill, Done: n}
		}
		if b := Fill(e.agenda, e.marks, []Gap{gap(1)}); len(b.Decisions) != 1 || b.Decisions[0].Kind() != carillon.KindBackfill {
			t.Fatalf("%s: %+v", overlap, b.Decisions)
		} else {
			e.keep(b)
		}
		if b := e.plan(noon, true); len(b.Decisions) != 0 || len(e.mark().Held[e.id]) != 1 {
			t.Fatalf("%s: a live fire that meets the backfill's run: %+v", overlap, b.Decisions)
		}
		if b := e.plan(noon.Add(time.Minute), true); len(b.Decisions) != 1 || b.Decisions[0].State != carillon.StateSkipped {
			t.Fatalf("%s: a second one: %+v", overlap, b.Decisions)
		}
		if b := Fill(e.agenda, e.marks, []Gap{gap(2)}); len(b.Decisions) != 0 {
			t.Fatalf("%s: the backfill goes before the fire that waits: %+v", overlap, b.Decisions)
		}
		if b := e.plan(noon.Add(61*time.Second), false); len(b.Decisions) != 1 || !b.Decisions[0].Runs() || !b.Decisions[0].At.Equal(noon) {
			t.Fatalf("%s: when the run has ended: %+v", overlap, b.Decisions)
		}
		if b := Fill(e.agenda, e.marks, []Gap{gap(2)}); len(b.Decisions) != 1 || b.Marks[carillon.PartitionOf(e.id)].Backfills[backfill].Done != 2 {
			t.Errorf("%s: the next one: %+v", overlap, b.Decisions)
		}
	}
}
