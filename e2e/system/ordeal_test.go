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

// full makes the trials as long as the promises ask for: some minutes each.
var full = flag.Bool("full", false, "minutes instead of seconds: 2,000 jobs, 20 planners killed; an ordeal")

// What a planner's death costs at most, and its end in good order. They are
// promises about a machine that does nothing else, so only the full ordeal asks.
const (
	mostTakeover = 3 * time.Second
	mostHandover = 200 * time.Millisecond
)

// ordeal is what planners go through while jobs fire every second.
type ordeal struct {
	jobs, kills, stops int
	frozen             time.Duration
}

func scale() ordeal {
	if *full {
		return ordeal{jobs: 2000, kills: 20, stops: 5, frozen: 15 * time.Second}
	}
	return ordeal{jobs: 200, kills: 3, stops: 1, frozen: 6 * time.Second}
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
	var stops []time.Time
	for range o.stops {
		stops = append(stops, a.stopBusiest())
	}
	a.freezeBusiest(o.frozen)
	a.restartNATS()
	pause(t, 2*time.Second)

	end := time.Now().UTC().Truncate(time.Second)
	r := a.settled(begin, end)
	if least := o.jobs * int(end.Sub(begin)/time.Second); r.Expected < least {
		t.Errorf("%d fires, want at least %d", r.Expected, least)
	}
	a.checkCalls(tg, begin, end, r)
	slices.Sort(takeovers)
	median, takeover, handover := takeovers[len(takeovers)/2], takeovers[len(takeovers)-1], a.handover(stops)
	t.Logf("%d fires in %s; takeover after %d times kill -9: median %s, longest %s; planned after a clean stop at most %s late; begun late p50 %s, p99 %s, longest %s",
		r.Expected, end.Sub(begin), o.kills, median, takeover, handover, r.Late.P50, r.Late.P99, r.Late.Max)
	if *full && (takeover > mostTakeover || handover > mostHandover) {
		t.Errorf("takeover %s, want at most %s; late after a clean stop %s, want at most %s", takeover, mostTakeover, handover, mostHandover)
	}
}

// handover is by how much the latest fire after one of some stops was late when
// it was planned.
func (a *arena) handover(stops []time.Time) (late time.Duration) {
	a.t.Helper()
	for _, stopped := range stops {
		query := "from=" + stopped.Format(time.RFC3339Nano) + "&to=" + stopped.Add(afterStop).Format(time.RFC3339Nano)
		for _, r := range a.runs(a.t, query) {
			late = max(late, r.PlannedAt.Sub(r.FireTime))
		}
	}
	return late
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

// afterStop is for how long fires are watched after a planner was stopped.
const afterStop = 2 * time.Second

// stopBusiest stops a planner in good order just before fires come due, starts
// another in its place, and returns when.
func (a *arena) stopBusiest() (stopped time.Time) {
	a.t.Helper()
	victim := a.busiest()
	pause(a.t, time.Until(time.Now().Truncate(time.Second).Add(1950*time.Millisecond)))
	stopped = time.Now().UTC()
	a.signal(victim, syscall.SIGTERM)
	_, _ = victim.cmd.Process.Wait()
	a.whole(len(a.planners))
	pause(a.t, time.Until(stopped.Add(afterStop)))
	a.addPlanner()
	return stopped
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
