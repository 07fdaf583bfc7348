package plan

import (
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// TestWhatMayHaveRunBeforeARestoreIsSkipped has jobs of every policy that fire each
// second. Their mark is a restored one, with a fire held: up to when it is doubtful
// every fire is skipped, and after that the policy decides.
func TestWhatMayHaveRunBeforeARestoreIsSkipped(t *testing.T) {
	t.Parallel()
	doubtful, now := noon.Add(10*time.Second), noon.Add(20*time.Second)
	for _, overlap := range []carillon.Overlap{carillon.OverlapAllow, carillon.OverlapSkip, carillon.OverlapQueue, carillon.OverlapReplace} {
		for policy, wantRuns := range map[carillon.CatchUpPolicy]int{carillon.CatchUpSkip: 6, carillon.CatchUpLatest: 6, carillon.CatchUpAll: 10} {
			a, id := agenda.New(), carillon.NewJobID()
			a.Apply(id, revision(t, id, func(d *carillon.Document) {
				d.Schedule.Every, d.Overlap, d.CatchUp.Policy = schedule.Duration(time.Second), overlap, policy
			}), 1)
			p, held := carillon.PartitionOf(id), noon.Add(-time.Second)
			mark := wire.Mark{
				Reach: wire.Reach{At: noon, Job: uuid.Max, Seen: 1}, Floor: noon, Restored: doubtful,
				Held: map[uuid.UUID][]wire.Held{id: {{At: held, Revision: 1}}},
			}
			a.Own(p, mark)
			marks, became := map[int]wire.Mark{p: mark}, map[time.Time]carillon.State{}
			for batch := Collect(a, now, marks, []uuid.UUID{id}); !batch.Empty() && !batch.Idle(); batch = Collect(a, now, marks, []uuid.UUID{id}) {
				for _, d := range batch.Decisions {
					if _, twice := became[d.At]; twice {
						t.Errorf("%s, %s: %s is decided twice", overlap, policy, d.At)
					}
					became[d.At] = d.State
				}
				marks = batch.Marks
				a.Stored(p, marks[p])
			}
			runs := 0
			for at, state := range became {
				if at.After(doubtful) {
					if state == carillon.StateQueued {
						runs++
					}
				} else if state != carillon.StateSkipped {
					t.Errorf("%s, %s: %s is %s", overlap, policy, at, state)
				}
			}
			if len(became) != 21 || overlap == carillon.OverlapAllow && runs != wantRuns {
				t.Errorf("%s, %s: %d fires decided, %d run, want 21 and %d", overlap, policy, len(became), runs, wantRuns)
			}
		}
	}
}
