package system

import (
	"bufio"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
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

// arena is a Carillon of processes, three planners among them.
type arena struct {
	*system
	t        *testing.T
	env      []string
	natsArgs []string
	nats     *exec.Cmd
	planners []*sufferer
}

// sufferer is a planner's process.
type sufferer struct {
	cmd   *exec.Cmd
	admin string
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

func newArena(t *testing.T) *arena {
	t.Helper()
	nats, listen := freeAddress(t), freeAddress(t)
	host, port, _ := net.SplitHostPort(nats)
	a := &arena{
		t: t, natsArgs: []string{"-js", "-sd", t.TempDir(), "-a", host, "-p", port},
		env: []string{
			"NATS_URL=nats://" + nats, "DATABASE_URL=" + pgtest.Database(t), "CARILLON_LISTEN=" + listen,
			"CARILLON_ADMIN_KEY=" + adminKey, "CARILLON_ALLOW_TARGETS=127.0.0.0/8", "CARILLON_LOG_LEVEL=error",
		},
	}
	a.nats = start(t, nil, natsBinary, a.natsArgs...)
	for range 3 {
		a.addPlanner()
	}
	for _, name := range []string{"runner", "recorder", "gateway"} {
		start(t, append(a.env, "CARILLON_ADMIN_LISTEN=127.0.0.1:0"), carillonBinary, name)
	}
	a.system = ready(t, listen)
	return a
}

func (a *arena) addPlanner() {
	admin := freeAddress(a.t)
	cmd := start(a.t, append(a.env, "CARILLON_ADMIN_LISTEN="+admin), carillonBinary, "planner")
	a.planners = append(a.planners, &sufferer{cmd: cmd, admin: "http://" + admin})
}

// fill makes jobs that fire every second, and gives them room to run.
func (a *arena) fill(jobs int, target string) {
	a.t.Helper()
	queue := carillon.Queue{Name: "default", Concurrency: 500, Weight: 100}
	if err := a.Do(a.t.Context(), "PUT", "/queues/default", queue, nil); err != nil {
		a.t.Fatal(err)
	}
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

// partitions is how many partitions a planner says it owns; 0 if it does not answer.
func (p *sufferer) partitions() (n int) {
	answer, err := (&http.Client{Timeout: time.Second}).Get(p.admin + "/metrics")
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "carillon_planner_partitions "); ok {
			_, _ = fmt.Sscan(text, &n)
		}
	}
	return n
}

// busiest takes the planner with the most partitions out of the list.
func (a *arena) busiest() *sufferer {
	a.t.Helper()
	a.whole(len(a.planners))
	most := slices.MaxFunc(a.planners, func(x, y *sufferer) int { return x.partitions() - y.partitions() })
	a.planners = slices.DeleteFunc(a.planners, func(p *sufferer) bool { return p == most })
	return most
}

// whole waits until the planners in the list own all partitions, at least so
// many of them one.
func (a *arena) whole(owners int) {
	a.t.Helper()
	until(a.t, time.Minute, func() error {
		owned, with := 0, 0
		for _, p := range a.planners {
			n := p.partitions()
			owned += n
			with += min(n, 1)
		}
		if owned != carillon.Partitions || with < owners {
			return fmt.Errorf("%d planners own %d partitions", with, owned)
		}
		return nil
	})
}

func (a *arena) killBusiest() (takeover time.Duration) {
	a.t.Helper()
	victim := a.busiest()
	_ = victim.cmd.Process.Kill()
	died := time.Now()
	_, _ = victim.cmd.Process.Wait()
	a.whole(1)
	takeover = time.Since(died)
	a.addPlanner()
	return takeover
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

func (a *arena) signal(p *sufferer, signal syscall.Signal) {
	a.t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		a.t.Fatal(err)
	}
}

// settled audits a window once its runs have ended.
func (a *arena) settled(from, to time.Time) (report client.Audit) {
	a.t.Helper()
	until(a.t, 2*time.Minute, func() error {
		if report = a.audit(a.t, from, to); !report.Clean() || report.Pending > 0 {
			return fmt.Errorf("%+v", report)
		}
		return nil
	})
	return report
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

func pause(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}
