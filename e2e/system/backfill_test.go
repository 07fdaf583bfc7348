package system

import (
	"fmt"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/schedule"
)

// TestKilledInTheMiddleOfABackfill kills `carillon up` with kill -9 while some of
// the 300 fires of a backfill have been called, some wait in the queue, and some have
// not been handed out; and starts it again.
func TestKilledInTheMiddleOfABackfill(t *testing.T) {
	t.Parallel()
	const fires, atOnce = 300, 20 // as many as the queue low allows
	dir, listen, tg := dataDir(t), freeAddress(t), newTarget(t, 100*time.Millisecond)
	u := startUp(t, dir, listen)
	job := u.create(t, carillon.Document{
		Name: "hourly", Schedule: schedule.Spec{Every: schedule.Duration(time.Hour)}, Target: carillon.Target{URL: tg.url}, Overlap: carillon.OverlapAllow,
	})
	to := time.Now().UTC().Truncate(time.Hour).Add(-time.Hour)
	from := to.Add(-fires * time.Hour)
	plan, err := u.Backfill(t.Context(), job.ID, client.BackfillOrder{From: from, To: &to, Schedule: "current", Rate: 150})
	if err != nil || plan.ID == nil || plan.Count != fires {
		t.Fatalf("%+v, %v", plan, err)
	}
	until(t, time.Minute, func() error {
		if calls, _ := tg.counts(); len(calls) < fires/5 {
			return fmt.Errorf("%d fires called", len(calls))
		}
		return nil
	})
	if err := u.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = u.cmd.Wait()
	before, _ := tg.counts()

	u = startUp(t, dir, listen)
	until(t, 2*time.Minute, func() error {
		now, err := u.ReadBackfill(t.Context(), *plan.ID)
		if err != nil || now.State != "ended" || now.Runs[carillon.StateSucceeded] != fires {
			return fmt.Errorf("%+v, %w", now, err)
		}
		return nil
	})
	if rows := u.runs(t, "kind=backfill"); len(rows) != fires {
		t.Errorf("%d rows for %d fires", len(rows), fires)
	}
	calls, peak := tg.counts()
	repeated := 0
	for at := from; at.Before(to); at = at.Add(time.Hour) {
		key := carillon.NewRunID(*plan.ID, carillon.KindBackfill, at).String()
		switch n := calls[key]; {
		case n == 2 && before[key] > 0:
			repeated++ // it was in its call
		case n != 1:
			t.Errorf("the fire of %s was called %d times, %d of them before the kill", at, n, before[key])
		}
	}
	if len(before) == fires || repeated > atOnce || peak > atOnce {
		t.Errorf("%d called before the kill, %d of them twice, %d at once; want less than all, and at most %d", len(before), repeated, peak, atOnce)
	}
	t.Logf("%d fires called before the kill, %d calls repeated with their key", len(before), repeated)
}
