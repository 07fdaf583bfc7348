package cancellation

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func runAt(fire time.Time) wire.Run {
	return wire.Run{ID: uuid.New(), FireTime: fire, PlannedAt: fire, Attempt: 1}
}

func forRun(job uuid.UUID, run wire.Run) Order {
	return Order{Run: run.ID, Cancel: wire.Cancel{JobID: job, At: noon, Reason: "enough"}}
}

func forJob(job uuid.UUID, before time.Time) Order {
	return Order{Cancel: wire.Cancel{JobID: job, Before: before, At: noon, Reason: "replaced"}}
}

func TestAnOrderCoversWhatItNames(t *testing.T) {
	t.Parallel()
	job, other := carillon.NewJobID(), carillon.NewJobID()
	run := runAt(noon.Add(-time.Minute))
	plannedLater := run
	plannedLater.PlannedAt = noon.Add(time.Second)
	for name, c := range map[string]struct {
		order Order
		job   uuid.UUID
		run   wire.Run
		want  bool
	}{
		"the run":                        {forRun(job, run), job, run, true},
		"another run":                    {forRun(job, runAt(noon)), job, run, false},
		"an earlier run of the job":      {forJob(job, noon), job, run, true},
		"the run at that instant":        {forJob(job, run.FireTime), job, run, false},
		"a later run of the job":         {forJob(job, noon), job, runAt(noon.Add(1)), false},
		"an earlier run of another job":  {forJob(job, noon), other, run, false},
		"an earlier fire, planned later": {forJob(job, noon), job, plannedLater, false},
		"no order at all":                {Order{}, uuid.Nil, run, false},
	} {
		if got := c.order.Covers(c.job, &c.run); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestAnOrderEndsTheContextOfARunInHand(t *testing.T) {
	t.Parallel()
	job, run, other := carillon.NewJobID(), runAt(noon.Add(-time.Minute)), runAt(noon.Add(-time.Minute))
	for name, order := range map[string]Order{"run": forRun(job, run), "job": forJob(job, noon)} {
		set := NewSet()
		early, leaveEarly := set.Enter(t.Context(), job, run)
		beside, leaveBeside := set.Enter(t.Context(), carillon.NewJobID(), other)
		if _, cancelled := Reason(early); cancelled {
			t.Errorf("%s: cancelled before the order", name)
		}
		set.Add(order)
		late, leaveLate := set.Enter(t.Context(), job, run)
		for _, ctx := range []context.Context{early, late} {
			if reason, cancelled := Reason(ctx); !cancelled || reason != order.Reason {
				t.Errorf("%s: %q, %t", name, reason, cancelled)
			}
		}
		if beside.Err() != nil {
			t.Errorf("%s: another job's run was cancelled", name)
		}
		leaveEarly()
		leaveBeside()
		leaveLate()
		if n := len(set.inHand); n != 0 {
			t.Errorf("%s: %d runs still in hand", name, n)
		}
	}
}

func TestTheEndOfTheRunnerIsNoCancel(t *testing.T) {
	t.Parallel()
	work, stop := context.WithCancel(t.Context())
	ctx, leave := NewSet().Enter(work, carillon.NewJobID(), runAt(noon))
	stop()
	if _, cancelled := Reason(ctx); cancelled || ctx.Err() == nil {
		t.Error("want a context that has ended, but not by a cancel")
	}
	leave()
}

func TestOrdersAreForgottenInTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		set, job := NewSet(), carillon.NewJobID()
		run := runAt(time.Now().Add(-time.Hour))
		set.Add(forRun(job, run))
		set.Add(Order{Cancel: wire.Cancel{JobID: job, Before: time.Now(), At: time.Now()}})
		for elapsed := time.Duration(0); elapsed < 10*topology.ControlTTL; elapsed += time.Minute {
			set.Add(forRun(job, runAt(time.Now())))
			time.Sleep(time.Minute)
		}
		_, known := set.runs[run.ID]
		if most := int((topology.ControlTTL + 2*pruneEvery) / time.Minute); known || len(set.jobs) != 0 || len(set.runs) > most {
			t.Errorf("the first is known: %t; %d runs, %d jobs", known, len(set.runs), len(set.jobs))
		}
	})
}

// Every run that an order means is stopped, whichever comes first.
func TestOrdersRaceWithRuns(t *testing.T) {
	t.Parallel()
	set, job := NewSet(), carillon.NewJobID()
	var all sync.WaitGroup
	for range 500 {
		run := runAt(noon.Add(-time.Minute))
		all.Go(func() { set.Add(forRun(job, run)) })
		all.Go(func() {
			ctx, leave := set.Enter(t.Context(), job, run)
			defer leave()
			<-ctx.Done()
			if _, cancelled := Reason(ctx); !cancelled {
				t.Error("ended without a reason")
			}
		})
	}
	all.Wait()
}
