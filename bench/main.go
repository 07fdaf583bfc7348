package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"
)

// The load: one herd large enough to run for seconds, at 64 calls at once. The
// cap on connections to one host holds that. The queue's limit is higher: a slot
// of a queue is held until the run's outcome is stored, which takes longer than
// such a call.
const (
	concurrency    = 64
	queueLimit     = 3 * concurrency
	bareCalls      = 100_000
	throughputRuns = 40_000
)

// herds are the sizes whose lateness is measured.
var herds = []int{200, 1_000, 10_000}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "target" {
		serveTarget()
		return
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := measure(ctx, "docs/performance.md"); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// measure runs everything, in order, and writes the report.
func measure(ctx context.Context, file string) error {
	target, err := startTarget()
	if err != nil {
		return err
	}
	defer target.stop()
	s, err := startStack(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	r := &report{}
	say("bare loop: %d calls, %d at once", bareCalls, concurrency)
	if r.bare, err = bareLoop(ctx, target, bareCalls); err != nil {
		return err
	}
	if _, err := target.most(); err != nil {
		return err
	}
	for _, size := range herds {
		say("herd of %d", size)
		h, err := s.herd(ctx, target, size)
		if err != nil {
			return err
		}
		r.herds = append(r.herds, h)
	}
	say("whole system: %d runs due at one instant, %d at once", throughputRuns, concurrency)
	if r.whole, err = s.herd(ctx, target, throughputRuns); err != nil {
		return err
	}
	say("idle: ten runs each second")
	if r.idle, err = s.idle(ctx, target); err != nil {
		return err
	}
	if r.mostCalls, err = target.most(); err != nil {
		return err
	}
	say("bare loop again")
	if r.bareAfter, err = bareLoop(ctx, target, bareCalls); err != nil {
		return err
	}
	fmt.Println(r)
	return r.write(file)
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s  %s\n", time.Now().Format("15:04:05"), fmt.Sprintf(format, args...))
}
