package system

import (
	"flag"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

// full makes the ordeal as long as the promises ask for: some minutes.
var full = flag.Bool("full", false, "the whole ordeal: 2,000 jobs, 20 planners killed")

// ordeal is what planners go through while jobs fire every second.
type ordeal struct {
	jobs, kills int
	frozen      time.Duration
}

func scale() ordeal {
	if *full {
		return ordeal{jobs: 2000, kills: 20, frozen: 15 * time.Second}
	}
	return ordeal{jobs: 200, kills: 3, frozen: 6 * time.Second}
}

// TestEveryFireIsPlannedOnceWhateverDies kills, freezes and stops planners, and
// restarts NATS, while jobs fire every second. Then the ledger must hold each fire
// once, and the target must have been called once for each.
func TestEveryFireIsPlannedOnceWhateverDies(t *testing.T) {
	t.Parallel()
	tg, o := newTarget(t, 0), scale()
	a := newArena(t)
	a.fill(o.jobs, tg.url)
	begin := time.Now().UTC().Add(2 * time.Second).Truncate(time.Second)
	pause(t, time.Until(begin))

	var takeovers []time.Duration
	for range o.kills {
		takeovers = append(takeovers, a.killBusiest())
	}
	a.freezeBusiest(o.frozen)
	a.restartNATS()
	a.stopBusiest()

	end := time.Now().UTC().Truncate(time.Second)
	r := a.settled(begin, end)
	if least := o.jobs * int(end.Sub(begin)/time.Second); r.Expected < least {
		t.Errorf("%d fires, want at least %d", r.Expected, least)
	}
	a.checkCalls(tg, begin, end, r)
	slices.Sort(takeovers)
	t.Logf("%d fires in %s; takeover after kill -9: median %s, longest %s; late p50 %s, p99 %s, longest %s",
		r.Expected, end.Sub(begin), takeovers[len(takeovers)/2], takeovers[len(takeovers)-1], r.Late.P50, r.Late.P99, r.Late.Max)
}

// fill makes jobs that fire every second.
func (a *arena) fill(jobs int, target string) {
	a.t.Helper()
	a.widen()
	group, ctx := errgroup.WithContext(a.t.Context())
	group.SetLimit(8)
	for i := range jobs {
		group.Go(func() error {
			return a.Do(ctx, "POST", "/jobs", carillon.Document{
				Name: fmt.Sprintf("tick-%04d", i), Schedule: schedule.Spec{Every: schedule.Duration(time.Second)},
				Target: carillon.Target{URL: target}, Overlap: carillon.OverlapAllow, CatchUp: carillon.CatchUp{Policy: carillon.CatchUpAll},
			}, nil)
		})
	}
	if err := group.Wait(); err != nil {
		a.t.Fatal(err)
	}
}

// freezeBusiest stops a planner as a paused machine does. It wakes up in the
// belief that its partitions are still its own.
func (a *arena) freezeBusiest(d time.Duration) {
	a.t.Helper()
	victim := a.busiest()
	a.signal(victim, syscall.SIGSTOP)
	pause(a.t, d)
	a.signal(victim, syscall.SIGCONT)
	a.planners = append(a.planners, victim)
	a.whole(len(a.planners))
}

func (a *arena) restartNATS() {
	a.t.Helper()
	_ = a.nats.Process.Kill()
	_, _ = a.nats.Process.Wait()
	a.nats = start(a.t, nil, natsBinary, a.natsArgs...)
	a.whole(len(a.planners))
}

func (a *arena) stopBusiest() {
	a.t.Helper()
	victim := a.busiest()
	a.signal(victim, syscall.SIGTERM)
	_, _ = victim.cmd.Process.Wait()
	a.whole(len(a.planners))
	pause(a.t, 2*time.Second) // of fires under the new owners
}

// checkCalls holds the calls of a window to its runs: one for each that ended by
// a call.
func (a *arena) checkCalls(tg *target, from, to time.Time, r client.Audit) {
	a.t.Helper()
	calls, _ := tg.counts()
	called := 0
	for key, n := range calls {
		at := carillon.RunTime(uuid.MustParse(key))
		if at.Before(from) || !at.Before(to) { // of another window
			continue
		}
		called++
		if n != 1 {
			a.t.Errorf("run %s of %s was called %d times", key, at, n)
		}
	}
	if called != r.States[carillon.StateSucceeded] {
		a.t.Errorf("%d runs were called, %d succeeded", called, r.States[carillon.StateSucceeded])
	}
}
