package recorder_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
)

// TestALockedDayOfLongAgoKeepsNothingElse has a day locked as retention does while it
// copies, and events of it among those of today.
func TestALockedDayOfLongAgoKeepsNothingElse(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	if _, err := s.pool.Exec(t.Context(), `SELECT ensure_day_partition($1::date)`, noon); err != nil {
		t.Fatal(err)
	}
	copying, err := s.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = copying.Rollback(context.Background()) }()
	if _, err := copying.Exec(t.Context(), `LOCK TABLE runs_20260301, attempts_20260301 IN SHARE MODE`); err != nil {
		t.Fatal(err)
	}
	fromToday := int(time.Since(noon) / time.Second)
	mixed := func(n int) wire.Outcome {
		if n%10 == 0 {
			return succeeded(n)
		}
		return succeeded(fromToday - n)
	}
	s.start(t)
	s.publish(t, topology.EventFinished, mixed, 0, 100)
	runs := func(want string) func() error {
		return func() error {
			if got := s.query(t, `SELECT count(*)::text FROM runs`)[0]; got != want {
				return errors.New(got + " runs, want " + want)
			}
			return nil
		}
	}
	eventually(t, runs("90"))
	s.publish(t, topology.EventFinished, mixed, 100, 200)
	eventually(t, runs("180"))
	if err := copying.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}
