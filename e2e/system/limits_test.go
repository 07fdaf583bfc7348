package system

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
)

// What the queue of the trial allows, at once and in a span of time.
const (
	mostAtOnce  = 5
	mostASecond = 20
	mostInBurst = 2
)

// jitter is by how much the time from a runner's count to the target's may differ
// from call to call, on a machine that is busy with everything else.
const jitter = 50 * time.Millisecond

// TestLimitsOfAHostHoldOverRunners has hundreds of jobs due at one instant that
// call one host, whose queue allows 5 calls at once and 20 a second. Of three
// runners, the one at work is killed again and again. The target counts.
func TestLimitsOfAHostHoldOverRunners(t *testing.T) {
	t.Parallel()
	jobs, kills, every := 100, 1, 2*time.Second
	if *full {
		jobs, kills, every = 500, 3, 8*time.Second
	}
	a, j := newArena(t), newJournal(t, 240*time.Millisecond) // nearly as long as a host may be silent
	runners := a.threeRunners()
	a.limit(j)
	due := time.Now().Add(time.Duration(jobs) * 80 * time.Millisecond).Truncate(time.Second)
	a.createHerd(t, jobs, due, j.url)
	pause(t, time.Until(due))
	for range kills {
		pause(t, every+rand.N(every/2)) // in step with the ack wait, the same runs would be hit each time
		runners = a.killBusiestRunner(runners)
	}
	until(t, 2*time.Minute, func() error {
		if n := len(a.runs(t, "state=succeeded")); n < jobs {
			return fmt.Errorf("%d of %d runs succeeded", n, jobs)
		}
		return nil
	})
	calls := j.all("")
	checkRate(t, calls)
	if peak := inFlight(calls); peak > mostAtOnce {
		t.Errorf("%d calls in flight, want at most %d", peak, mostAtOnce)
	}
	cut := checkRepeats(t, calls, jobs, kills*mostAtOnce)
	t.Logf("%d jobs, %d runners killed in %d calls: at most %d at once and %d in a second; all done after %s",
		jobs, kills, cut, inFlight(calls), busiestSecond(calls), calls[len(calls)-1].ended.Sub(calls[0].began).Round(time.Millisecond))
}

// limit makes a queue of a target's host.
func (a *arena) limit(j *journal) {
	a.t.Helper()
	target, err := url.Parse(j.url)
	if err != nil {
		a.t.Fatal(err)
	}
	queue := carillon.Queue{
		Name: "host", Concurrency: mostAtOnce, Weight: 10, Hosts: []carillon.Host{carillon.Host(target.Host)},
		Rate: &carillon.Rate{Limit: mostASecond, Per: carillon.PerSecond, Burst: mostInBurst},
	}
	if err := a.Do(a.t.Context(), "PUT", "/queues/host", queue, nil); err != nil {
		a.t.Fatal(err)
	}
}

// threeRunners starts runners that can be asked, in place of the arena's.
func (a *arena) threeRunners() (runners []*sufferer) {
	a.t.Helper()
	_ = a.runner.Process.Kill()
	_, _ = a.runner.Process.Wait()
	for range 3 {
		runners = append(runners, a.startAsked("runner"))
	}
	return runners
}

// killBusiestRunner kills the runner with the most calls in flight, once one has
// some, and starts another.
func (a *arena) killBusiestRunner(runners []*sufferer) []*sufferer {
	a.t.Helper()
	const calls = "carillon_runner_calls_in_flight"
	var victim *sufferer
	until(a.t, 20*time.Second, func() error {
		victim = slices.MaxFunc(runners, func(x, y *sufferer) int { return x.metric(calls) - y.metric(calls) })
		if victim.metric(calls) == 0 {
			return errors.New("no runner is at work")
		}
		return nil
	})
	a.killed(victim)
	return append(slices.DeleteFunc(runners, func(r *sufferer) bool { return r == victim }), a.startAsked("runner"))
}

// checkRate looks for a span in which more calls began than the rate allows.
func checkRate(t *testing.T, calls []call) {
	t.Helper()
	for i, first := range calls {
		for k, last := range calls[i:] {
			span := last.began.Sub(first.began)
			if most := mostInBurst + mostASecond*(span+jitter).Seconds(); float64(k+1) > most {
				t.Fatalf("%d calls began within %s, want at most %.1f", k+1, span, most)
			}
		}
	}
}

// busiestSecond is the most calls that began in any one second.
func busiestSecond(calls []call) (most int) {
	for i, first := range calls {
		n := 0
		for n < len(calls)-i && calls[i+n].began.Sub(first.began) < time.Second {
			n++
		}
		most = max(most, n)
	}
	return most
}

// inFlight is the most calls that were in flight at once.
func inFlight(calls []call) (most int) {
	for i, c := range calls {
		n := 1
		for _, earlier := range calls[:i] {
			if earlier.ended.IsZero() || earlier.ended.After(c.began) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// checkRepeats holds second calls to runs whose runner was killed before it had
// said how the first one went, and returns how many calls were cut off.
func checkRepeats(t *testing.T, calls []call, runs, most int) (cut int) {
	t.Helper()
	called := map[string]int{}
	for _, c := range calls {
		called[c.key]++
		if c.cut {
			cut++
		}
	}
	if len(called) != runs {
		t.Errorf("%d runs were called, want %d", len(called), runs)
	}
	if repeats := len(calls) - runs; repeats < cut || repeats > most {
		t.Errorf("%d calls were repeated, want those %d that were cut off and at most %d", repeats, cut, most)
	}
	return cut
}
