package system

import (
	"bufio"
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
)

// arena is a Carillon of processes, three planners among them.
type arena struct {
	*system
	t        *testing.T
	env      []string
	natsArgs []string
	nats     *exec.Cmd
	runner   *exec.Cmd
	recorder *exec.Cmd
	planners []*sufferer
	serving  map[string]*sufferer // the last one that was started of each other service
}

// sufferer is a process that says how it is.
type sufferer struct {
	cmd   *exec.Cmd
	admin string
}

func newArena(t *testing.T) *arena {
	t.Helper()
	return newArenaOn(t, pgtest.Database(t))
}

func newArenaOn(t *testing.T, database string) *arena {
	t.Helper()
	nats, listen := freeAddress(t), freeAddress(t)
	host, port, _ := net.SplitHostPort(nats)
	a := &arena{
		t: t, serving: map[string]*sufferer{}, natsArgs: []string{"-js", "-sd", t.TempDir(), "-a", host, "-p", port},
		env: []string{
			"NATS_URL=nats://" + nats, "DATABASE_URL=" + database, "CARILLON_LISTEN=" + listen,
			"CARILLON_ADMIN_KEY=" + adminKey, "CARILLON_ALLOW_TARGETS=127.0.0.0/8", "CARILLON_LOG_LEVEL=error",
		},
	}
	a.nats = start(t, nil, natsBinary, a.natsArgs...)
	for range 3 {
		a.addPlanner()
	}
	a.runner = a.serve("runner")
	a.recorder = a.serve("recorder")
	a.serve("gateway")
	a.system = ready(t, listen)
	a.database = database
	return a
}

func (a *arena) serve(name string) *exec.Cmd {
	a.t.Helper()
	a.serving[name] = a.startAsked(name)
	return a.serving[name].cmd
}

func (a *arena) addPlanner() {
	a.t.Helper()
	a.planners = append(a.planners, a.startAsked("planner"))
}

// startAsked starts a service whose metrics can be asked for.
func (a *arena) startAsked(name string) *sufferer {
	a.t.Helper()
	admin := freeAddress(a.t)
	return &sufferer{cmd: start(a.t, append(a.env, "CARILLON_ADMIN_LISTEN="+admin), carillonBinary, name), admin: "http://" + admin}
}

// widen gives hundreds of runs room at once.
func (a *arena) widen() {
	a.t.Helper()
	queue := carillon.Queue{Name: "default", Concurrency: 500, Weight: 100}
	if err := a.Do(a.t.Context(), "PUT", "/queues/default", queue, nil); err != nil {
		a.t.Fatal(err)
	}
}

// partitions is how many partitions a planner says it owns; 0 if it does not answer.
func (p *sufferer) partitions() int { return p.metric("carillon_planner_partitions") }

// metric is a number that a process says; 0 if it does not answer.
func (p *sufferer) metric(name string) (n int) {
	answer, err := (&http.Client{Timeout: time.Second}).Get(p.admin + "/metrics")
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			var value float64 // large ones have an exponent
			_, _ = fmt.Sscan(text, &value)
			n = int(value)
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

// killRunner kills the runner in its calls, and starts another. It returns when.
func (a *arena) killRunner() (died time.Time) {
	a.t.Helper()
	died = time.Now()
	_ = a.runner.Process.Kill()
	_, _ = a.runner.Process.Wait()
	a.runner = a.serve("runner")
	return died
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

func pause(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}
