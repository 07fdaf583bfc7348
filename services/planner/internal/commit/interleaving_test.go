package commit

import (
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

// TestNoInterleavingLosesAFire explores small worlds completely: two planners,
// three or four fires, and messages that come late, twice or never, whose answers
// are lost; planners that freeze, die and start over. No fire is lost, none is
// published twice. It runs the real decisions: agenda, plan, and judge.
func TestNoInterleavingLosesAFire(t *testing.T) {
	t.Parallel()
	three, four := budget{sends: 3, kills: 1}, budget{sends: 4, kills: 1}
	for name, s := range map[string]setting{
		"one job that may overlap itself":  {jobs: []*wire.Definition{job(t, carillon.OverlapAllow, 1)}, seconds: 3, budget: four},
		"one job whose fires wait":         {jobs: []*wire.Definition{job(t, carillon.OverlapQueue, 1)}, seconds: 3, budget: three},
		"one job whose fires are replaced": {jobs: []*wire.Definition{job(t, carillon.OverlapReplace, 1)}, seconds: 3, budget: three},
		"two partitions": {jobs: []*wire.Definition{
			job(t, carillon.OverlapSkip, 1), job(t, carillon.OverlapAllow, 2),
		}, seconds: 2, budget: four},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			states, err := explore(s)
			if err != nil {
				t.Error(err)
			}
			if states < 10_000 {
				t.Errorf("only %d states", states)
			}
			t.Logf("%d states", states)
		})
	}
}

// TestBreakingTheCommitIsNoticed breaks what the safety argument rests on, one by
// one: the search must find out.
func TestBreakingTheCommitIsNoticed(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]defect{
		"marks are not checked":              marksUnchecked,
		"no answer counts as stored":         silenceIsStored,
		"marks and fires are not one commit": marksApart,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setting{jobs: []*wire.Definition{job(t, carillon.OverlapAllow, 1)}, seconds: 3, budget: budget{3, 1}, broken: broken}
			states, err := explore(s)
			if err == nil {
				t.Errorf("not noticed in %d states", states)
			}
		})
	}
}
