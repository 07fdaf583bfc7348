package auditor

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/audit"
	"github.com/carillon-cron/carillon/services/gateway/internal/ledger"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/google/uuid"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// outside is where no fire is found, and where a backfill takes the fires of two
// seconds at most.
type outside struct {
	raised map[uuid.UUID]int
	filled map[uuid.UUID][]time.Time // the beginnings of backfills
}

func (o *outside) Find(context.Context, []audit.Fire) (map[uuid.UUID]carillon.State, error) {
	return nil, nil
}

func (o *outside) Behind(context.Context, time.Duration) (bool, error) { return false, nil }

func (o *outside) Raise(_ context.Context, alarm Alarm) error {
	o.raised[alarm.Job] = alarm.Fires
	return nil
}

func (o *outside) Fill(_ context.Context, job uuid.UUID, from, to time.Time) (time.Time, error) {
	o.filled[job] = append(o.filled[job], from)
	if most := from.Add(2 * time.Second); to.After(most) {
		return most, nil
	}
	return to, nil
}

// TestNoUnexplainedFireIsForgotten audits five seconds of twenty jobs that fire each
// second and never ran, with a list that is shorter than one second's fires.
func TestNoUnexplainedFireIsForgotten(t *testing.T) {
	t.Parallel()
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: pgtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	const jobs, seconds = 20, 5
	from := time.Now().UTC().Truncate(time.Hour).Add(-time.Hour)
	_, err = pool.Exec(t.Context(), `
		INSERT INTO job_revisions (job_id, revision, action, document, effective_from, actor)
		SELECT gen_random_uuid(), 1, 'created', jsonb_build_object('namespace', 'default', 'name', 'tick-' || n, 'schedule', '{"every": "1s"}'::jsonb), $1, 'test'
		FROM generate_series(1, $2) AS n`, from.Add(-time.Hour), jobs)
	if err != nil {
		t.Fatal(err)
	}
	around := &outside{map[uuid.UUID]int{}, map[uuid.UUID][]time.Time{}}
	a := New(pool, ledger.New(pool), around, around, time.Minute)
	a.window, a.most = 4*time.Second, jobs/2
	ctx := scope.With(t.Context(), scope.All())
	if err := a.advance(ctx, from, from.Add(seconds*time.Second)); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if err := a.revisit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if len(around.raised) != jobs {
		t.Errorf("alerts of %d jobs, not %d", len(around.raised), jobs)
	}
	for job, fires := range around.raised {
		if filled := around.filled[job]; fires != seconds || len(filled) != 3 || !filled[2].Equal(from.Add(4*time.Second)) {
			t.Errorf("%d unexplained fires, filled from %v", fires, filled)
		}
	}
}
