package runner_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/callback"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/natsserver"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
)

// public is the address at which targets are told to call back.
const public = "https://carillon.example.com/"

func callsBack(c *config) { c.PublicURL = public }

func accept(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusAccepted)
	fmt.Fprint(w, "taken on")
}

// asynchronous is a call whose target may call back for as long as ttl.
func (s *stage) asynchronous(url string, ttl time.Duration) wire.Call {
	call := s.call(url)
	call.Target.Callback = &carillon.Callback{TTL: carillon.Duration(ttl)}
	return call
}

func (s *stage) book() *callback.Book {
	s.Helper()
	book, err := callback.Open(s.Context(), s.js)
	if err != nil {
		s.Fatal(err)
	}
	return book
}

// callBack does what a gateway does with a callback, and returns the report that
// stands.
func (s *stage) callBack(url string, report wire.Report) wire.Report {
	s.Helper()
	book := s.book()
	token, ok := strings.CutPrefix(url, public+"callbacks/")
	ticket, err := book.Read(token)
	if err != nil || !ok {
		s.Fatalf("address %q: %v", url, err)
	}
	report.At = time.Now().UTC()
	stands, err := book.Enter(s.Context(), ticket.Run, ticket.Attempt, report)
	if err == nil {
		err = book.Wake(s.Context(), ticket.Job, ticket.Run, ticket.Attempt)
	}
	if err != nil {
		s.Fatal(err)
	}
	return stands
}

func (s *stage) succeed(url string) wire.Report {
	s.Helper()
	return s.callBack(url, wire.Report{State: carillon.StateSucceeded, Message: "1,204 rows"})
}

// waits waits until a run is parked for its callback, and returns its address.
func (s *stage) waitsForCallback(t *target, call wire.Call, run wire.Run) (url string) {
	s.Helper()
	s.eventually(func() error {
		for _, outcome := range s.of(run.ID) {
			if strings.HasPrefix(outcome.Reason, "waits for its callback until ") {
				return nil
			}
		}
		return fmt.Errorf("run %s does not wait: %+v", run.ID, s.of(run.ID))
	})
	s.eventually(func() error {
		stream, err := s.js.Stream(s.Context(), topology.RunsStream)
		if err == nil {
			_, err = stream.GetLastMsgForSubject(s.Context(), topology.Retry(call.JobID, call.Queue, run.ID))
		}
		return err
	})
	return last(t.header("Carillon-Callback-Url"))
}

func last(texts []string) string { return texts[len(texts)-1] }

func TestACallbackEndsARunThatHoldsNoSlot(t *testing.T) {
	t.Parallel()
	s, accepting := newStage(t), newTarget(t, accept)
	s.define(defaultQueue(1))
	s.follow()
	s.start(callsBack)
	call := s.asynchronous(accepting.URL, time.Hour)
	run := s.plan(call)
	url := s.waitsForCallback(accepting, call, run)
	if next := s.final(s.plan(s.call(newTarget(t, nil).URL))); next.State != carillon.StateSucceeded {
		t.Errorf("the next run of a queue of 1: %+v", next)
	}
	s.succeed(url)
	got := s.final(run)
	if a := got.Attempt; got.State != carillon.StateSucceeded || got.Reason != "" || got.Attempts != 1 || a == nil || a.Status != 202 || a.Response != "1,204 rows" || a.StartedAt.IsZero() {
		t.Errorf("outcome %+v, attempt %+v", got, got.Attempt)
	}
	s.empty()
	if n := accepting.calls(); n != 1 {
		t.Errorf("%d calls", n)
	}
}

func TestAWaitThatIsOverHasTimedOut(t *testing.T) {
	t.Parallel()
	s, accepting := newStage(t), newTarget(t, accept)
	s.define(defaultQueue(1))
	s.follow()
	s.start(callsBack)
	call := s.asynchronous(accepting.URL, time.Second)
	call.Retry = carillon.Retry{MaxAttempts: 2, MinBackoff: carillon.Duration(time.Millisecond), MaxBackoff: carillon.Duration(time.Millisecond)}
	run := s.plan(call)
	got := s.final(run)
	if a := got.Attempt; got.State != carillon.StateFailed || got.Reason != "attempt 2 of 2: no callback within 1s" || a == nil || a.Class != wire.ClassTimeout || a.Response != "taken on" {
		t.Errorf("outcome %+v, attempt %+v", got, got.Attempt)
	}
	for i, url := range accepting.header("Carillon-Callback-Url") {
		if stands := s.succeed(url); stands.Class != wire.ClassTimeout {
			t.Errorf("a callback after the end of attempt %d counted: %+v", i+1, stands)
		}
	}
	s.empty()
	if keys := accepting.header("Idempotency-Key"); len(keys) != 2 || keys[0] != keys[1] {
		t.Errorf("keys %v", keys)
	}
	if last := s.of(run.ID)[len(s.of(run.ID))-1]; last.State != carillon.StateFailed {
		t.Errorf("the run went on: %+v", last)
	}
}

func TestAFailureThatIsCalledBackIsTriedAgain(t *testing.T) {
	t.Parallel()
	s, accepting := newStage(t), newTarget(t, accept)
	s.define(defaultQueue(1))
	s.follow()
	s.start(callsBack)
	call := s.asynchronous(accepting.URL, time.Hour)
	call.Retry.MaxAttempts, call.Retry.MinBackoff = 2, carillon.Duration(time.Millisecond)
	run := s.plan(call)
	first := s.waitsForCallback(accepting, call, run)
	s.callBack(first, wire.Report{State: carillon.StateFailed, Message: "disk full"})
	s.eventually(func() error { return called(accepting, 2) })
	second := s.waitsForCallback(accepting, call, run)
	if first == second {
		t.Error("both attempts have one address")
	}
	s.callBack(first, wire.Report{State: carillon.StateFailed, Message: "disk full"}) // repeated: not news of the second
	s.callBack(second, wire.Report{State: carillon.StateFailed})
	got := s.final(run)
	if got.State != carillon.StateFailed || got.Reason != "attempt 2 of 2: the target called back: failed" || got.Attempt.Class != wire.ClassStatus {
		t.Errorf("outcome %+v, attempt %+v", got, got.Attempt)
	}
	retried := false
	for _, outcome := range s.of(run.ID) {
		retried = retried || outcome.State == carillon.StateRetrying && outcome.Reason == "attempt 1 of 2: the target called back: failed: disk full"
	}
	if !retried {
		t.Errorf("outcomes %+v", s.of(run.ID))
	}
	s.empty()
}

func TestACallbackMayBeQuickerThanTheAnswer(t *testing.T) {
	t.Parallel()
	s, urls, release := newStage(t), make(chan string), make(chan struct{})
	eager := newTarget(t, func(w http.ResponseWriter, r *http.Request) {
		urls <- r.Header.Get("Carillon-Callback-Url")
		<-release
		accept(w, r)
	})
	s.define(defaultQueue(1))
	s.follow()
	s.start(callsBack)
	run := s.plan(s.asynchronous(eager.URL, time.Hour))
	s.succeed(<-urls)
	close(release)
	if got := s.final(run); got.State != carillon.StateSucceeded || got.Attempt.Response != "1,204 rows" {
		t.Errorf("outcome %+v, attempt %+v", got, got.Attempt)
	}
	s.empty()
}

func TestOnlyAnAnswerOf202IsWaitedFor(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.define(defaultQueue(5))
	s.follow()
	s.start(callsBack)
	for status, want := range map[int]carillon.State{200: carillon.StateSucceeded, 204: carillon.StateSucceeded, 500: carillon.StateFailed} {
		target := newTarget(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		if got := s.final(s.plan(s.asynchronous(target.URL, time.Hour))); got.State != want {
			t.Errorf("%d: %+v", status, got)
		}
	}
	plain := newTarget(t, accept)
	if got := s.final(s.plan(s.call(plain.URL))); got.State != carillon.StateSucceeded || plain.header("Carillon-Callback-Url")[0] != "" {
		t.Errorf("202 without a callback: %+v", got)
	}
	s.empty()
}

func TestWithoutAnAddressNothingIsCalled(t *testing.T) {
	t.Parallel()
	s, accepting := newStage(t), newTarget(t, accept)
	s.define(defaultQueue(1))
	s.follow()
	s.start()
	got := s.final(s.plan(s.asynchronous(accepting.URL, time.Hour)))
	if got.State != carillon.StateFailed || got.Attempt.Class != wire.ClassBlocked || !strings.Contains(got.Reason, "CARILLON_PUBLIC_URL") || accepting.calls() != 0 {
		t.Errorf("outcome %+v after %d calls", got, accepting.calls())
	}
}

func TestACancelEndsAWait(t *testing.T) {
	t.Parallel()
	for name, cancel := range map[string]func(*stage, wire.Call, wire.Run){
		"of the run": (*stage).cancelRun,
		"of the job": func(s *stage, call wire.Call, run wire.Run) { s.cancelJob(call, run.FireTime.Add(time.Second)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, accepting := newStage(t), newTarget(t, accept)
			s.define(defaultQueue(1))
			s.follow()
			s.start(callsBack)
			call := s.asynchronous(accepting.URL, time.Hour)
			run := s.plan(call)
			url := s.waitsForCallback(accepting, call, run)
			cancel(s, call, run)
			got := s.final(run)
			if a := got.Attempt; got.State != carillon.StateCancelled || got.Attempts != 1 || a == nil || a.Class != wire.ClassInterrupted || a.Status != 202 {
				t.Errorf("outcome %+v, attempt %+v", got, got.Attempt)
			}
			s.empty()
			s.succeed(url)
			s.empty()
			if last := s.final(run); last.State != carillon.StateCancelled {
				t.Errorf("a callback after the cancel: %+v", last)
			}
		})
	}
}

// TestAWaitOutlivesRunnersAndNATS takes away who waits, and all that is kept in
// memory, and then calls back while no runner is alive.
func TestAWaitOutlivesRunnersAndNATS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server, err := natsserver.Start(natsserver.Config{Dir: dir, Port: -1})
	if err != nil {
		t.Fatal(err)
	}
	s, accepting := open(t, server.URL()), newTarget(t, accept)
	s.define(defaultQueue(1))
	s.follow()
	stop := s.start(callsBack)
	call := s.asynchronous(accepting.URL, time.Hour)
	run := s.plan(call)
	url := s.waitsForCallback(accepting, call, run)
	stop()
	server.Stop()
	if server, err = natsserver.Start(natsserver.Config{Dir: dir, Port: portOf(t, server.URL())}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	s.eventually(func() error { return s.nc.FlushTimeout(time.Second) })
	s.succeed(url)
	s.start(callsBack)
	if got := s.final(run); got.State != carillon.StateSucceeded {
		t.Errorf("outcome %+v", got)
	}
	s.empty()
	if accepting.calls() != 1 {
		t.Errorf("%d calls", accepting.calls())
	}
}

// TestCallbacksRace has two runners, and for each run two callbacks that contradict
// each other, a time that is over at about the same moment, and for some a cancel.
func TestCallbacksRace(t *testing.T) {
	t.Parallel()
	const runs = 60
	var racing sync.WaitGroup
	var spreading atomic.Int64
	s := newStage(t)
	accepting := newTarget(t, func(w http.ResponseWriter, r *http.Request) {
		url, first := r.Header.Get("Carillon-Callback-Url"), spreading.Add(37)%1200
		for i, state := range []carillon.State{carillon.StateSucceeded, carillon.StateFailed} {
			after := time.Duration(100+first+int64(i)) * time.Millisecond
			racing.Go(func() {
				<-time.After(after)
				s.callBack(url, wire.Report{State: state})
			})
		}
		accept(w, r)
	})
	s.define(defaultQueue(runs))
	s.follow()
	s.start(callsBack)
	s.start(callsBack)
	plans := make([]wire.Run, runs)
	for i := range plans {
		call := s.asynchronous(accepting.URL, time.Second)
		plans[i] = s.plan(call)
		if i%5 == 0 {
			racing.Go(func() {
				<-time.After(time.Second)
				s.cancelRun(call, plans[i])
			})
		}
	}
	ends := map[carillon.State]int{}
	for i, run := range plans {
		end := s.final(run)
		ends[end.State]++
		report, reported, err := s.book().Find(t.Context(), run.ID, 1)
		if end.State != carillon.StateCancelled && (err != nil || !reported || report.State != end.State) {
			t.Errorf("%+v, where %+v stands: %v", end, report, err)
		}
		if i%5 != 0 && end.State == carillon.StateCancelled {
			t.Errorf("%+v was not cancelled", end)
		}
	}
	racing.Wait()
	s.empty()
	for _, run := range plans {
		finals := map[carillon.State]bool{}
		for _, outcome := range s.of(run.ID) {
			if outcome.State.Final() && outcome.State != carillon.StateCancelled {
				finals[outcome.State] = true
			}
		}
		if len(finals) > 1 {
			t.Errorf("run %s ended as %v", run.ID, finals)
		}
	}
	if n := accepting.calls(); n != runs {
		t.Errorf("%d calls of %d runs", n, runs)
	}
	t.Logf("ends: %v", ends)
}
