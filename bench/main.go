package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"time"

	"github.com/carillon-cron/carillon/bench/api"
	"github.com/carillon-cron/carillon/bench/broker"
	"github.com/carillon-cron/carillon/bench/ledger"
	"github.com/carillon-cron/carillon/bench/planner"
	"github.com/carillon-cron/carillon/bench/runner"
	"github.com/carillon-cron/carillon/shared/carillon"
)

// The load: herds large enough to run for seconds, at 64 calls at once at most.
// The cap on connections to one host holds that.
const (
	concurrency    = 64
	bareCalls      = 100_000
	throughputRuns = 30_000
)

// load is a way of using the whole system.
type load struct {
	what    string
	queue   int // limit of the queue
	overlap carillon.Overlap
	path    string // at the target: what it answers
	watched bool   // a client follows the live feed
}

// loads begin with the one that is closest to what the bare loop does. A slot of
// a queue is held until the run's outcome is stored, so a queue's limit is higher
// than the calls it comes to.
var loads = []load{
	{"empty answers, overlap allow, a queue of 192, nobody watches", 3 * concurrency, carillon.OverlapAllow, "/empty", false},
	{"the same with a queue of 64", concurrency, carillon.OverlapAllow, "/empty", false},
	{"the defaults: overlap skip; answers of 2 bytes, a queue of 192, a client on the live feed", 3 * concurrency, carillon.OverlapSkip, "/ok", true},
}

// herds are the sizes whose lateness is measured.
var herds = []int{200, 1_000, 10_000}

func main() {
	role := ""
	if len(os.Args) > 1 {
		role = os.Args[1]
	}
	if err := run(role); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run is this process in one of its roles. Without one it measures everything.
func run(role string) error {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	switch role {
	case targetRole:
		return serveTarget()
	case broker.Role:
		return broker.Serve()
	case api.BareRole:
		return api.ServeBare()
	case "api":
		return measureAPI(ctx)
	case "planner":
		return measurePlanner(ctx, os.Args[2:])
	case "runner":
		return measureRunner(ctx)
	case "ledger":
		return measureLedger(ctx, os.Args[2:])
	}
	return measure(ctx, "docs/performance.md")
}

// jobsPlanned is how many jobs a planner is measured with.
const jobsPlanned = 1_000_000

// measurePlanner measures the planner alone, with fewer jobs if the arguments
// say so, and writes no file.
func measurePlanner(ctx context.Context, args []string) (err error) {
	jobs := jobsPlanned
	if len(args) > 0 {
		if jobs, err = strconv.Atoi(args[0]); err != nil {
			return err
		}
	}
	report, err := planner.Measure(ctx, jobs, say)
	if err == nil {
		fmt.Println(report)
	}
	return err
}

// measureRunner measures the runner alone, and writes no file.
func measureRunner(ctx context.Context) error {
	report, err := runnerAlone(ctx)
	if err == nil {
		fmt.Println(report)
	}
	return err
}

// measureAPI measures the API alone, and writes no file.
func measureAPI(ctx context.Context) error {
	report, err := api.Measure(ctx, say)
	if err == nil {
		fmt.Println(report)
	}
	return err
}

// runsKept is how many runs the ledger is measured with.
const runsKept = 50_000_000

// measureLedger measures the ledger alone, with fewer runs and in a folder that is
// kept if the arguments say so, and writes no file.
func measureLedger(ctx context.Context, args []string) (err error) {
	config := ledger.Config{Runs: runsKept}
	if len(args) > 0 {
		if config.Runs, err = strconv.Atoi(args[0]); err != nil {
			return err
		}
	}
	if len(args) > 1 {
		config.Dir = args[1]
	}
	nats, err := broker.Start(ctx)
	if err != nil {
		return err
	}
	defer nats.Close()
	config.NATS = nats.Address
	report, err := ledger.Measure(ctx, config, say)
	if err == nil {
		fmt.Println(report)
	}
	return err
}

// runnerAlone measures the runner beside the bare loop on the same target.
func runnerAlone(ctx context.Context) (*runner.Report, error) {
	target, err := startTarget()
	if err != nil {
		return nil, err
	}
	defer target.Stop()
	return runner.Measure(ctx, runner.Config{
		URL: target.url + after, AtOnce: concurrency, Say: say,
		Bare: func(ctx context.Context, url string, calls int) (perSecond, cpuPerCall float64, err error) {
			r, err := bareLoop(ctx, url, calls)
			return r.perSecond(), r.cpu / float64(r.count), err
		},
	})
}

// measure runs everything, in order, and writes the report.
func measure(ctx context.Context, file string) error {
	r, err := measureSystem(ctx)
	if err != nil {
		return err
	}
	if r.runner, err = runnerAlone(ctx); err != nil {
		return err
	}
	if r.planner, err = planner.Measure(ctx, jobsPlanned, say); err != nil {
		return err
	}
	if r.api, err = api.Measure(ctx, say); err != nil {
		return err
	}
	fmt.Println(r)
	return r.write(file)
}

// measureSystem measures the whole system.
func measureSystem(ctx context.Context) (*report, error) {
	target, err := startTarget()
	if err != nil {
		return nil, err
	}
	defer target.Stop()
	s, err := startStack(ctx)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	r := &report{}
	say("bare loop: %d calls, %d at once", bareCalls, concurrency)
	if r.bare, err = bareLoop(ctx, target.url, bareCalls); err != nil {
		return nil, err
	}
	for _, size := range herds {
		say("herd of %d", size)
		h, err := s.herd(ctx, target, loads[0], size)
		if err != nil {
			return nil, err
		}
		r.herds = append(r.herds, h)
	}
	for _, l := range loads {
		say("whole system: %d runs due at one instant; %s", throughputRuns, l.what)
		h, err := s.herd(ctx, target, l, throughputRuns)
		if err != nil {
			return nil, err
		}
		r.loads = append(r.loads, h)
	}
	say("idle: ten runs each second")
	if r.idle, err = s.idle(ctx, target); err != nil {
		return nil, err
	}
	say("bare loop again")
	r.bareAfter, err = bareLoop(ctx, target.url, bareCalls)
	return r, err
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s  %s\n", time.Now().Format("15:04:05"), fmt.Sprintf(format, args...))
}
