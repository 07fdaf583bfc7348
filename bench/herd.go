package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/bench/process"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/schedule"
	"golang.org/x/sync/errgroup"
)

// lateness is how long after their fire times runs were called.
type lateness struct{ p50, p99, max time.Duration }

// herdResult is what one herd showed.
type herdResult struct {
	rate
	transactions int // in Postgres, by everything: each is one statement at the least
	late         lateness
	mostCalls    int // at once, as the target counted them
}

// recordedRuns is a counter of the recorder.
const recordedRuns = "carillon_recorder_runs_total"

// The load is prepared this fast, so that the herd is due soon after.
const (
	createAtOnce = 8
	createRate   = 700 // jobs a second, at the least
	settle       = 12 * time.Second
)

// herd makes n jobs that are due at one instant, and measures from that instant
// until the last outcome is committed.
func (s *stack) herd(ctx context.Context, t *target, l load, n int) (result herdResult, err error) {
	s.herds++
	label := fmt.Sprintf("herd-%d", s.herds)
	at := time.Now().Add(time.Duration(n/createRate)*time.Second + settle).Truncate(time.Second)
	spec := schedule.Spec{At: &at}
	if err := errors.Join(s.limit(ctx, l.queue), s.create(ctx, n, label, spec, t.url+l.path, l.overlap), s.calm(ctx)); err != nil {
		return result, err
	}
	if l.watched {
		defer s.follow(ctx)()
	}
	if time.Until(at) < time.Second {
		return result, fmt.Errorf("making %d jobs took too long", n)
	}
	time.Sleep(time.Until(at.Add(-500 * time.Millisecond)))
	if _, err := t.most(); err != nil {
		return result, err
	}
	return s.watchHerd(ctx, t, label, n, at)
}

// watchHerd measures a herd that is about to be due.
func (s *stack) watchHerd(ctx context.Context, t *target, label string, n int, at time.Time) (result herdResult, err error) {
	transactions, err := s.transactions(ctx)
	if err != nil {
		return result, err
	}
	cpu, own, before := s.cpu(t), process.CPU(s.cmd.Process.Pid), s.admin.Metric(recordedRuns)
	end, err := s.awaitRecorded(ctx, label, n, before)
	if err != nil {
		return result, err
	}
	result.rate = rate{n, end.Sub(at).Seconds(), s.cpu(t) - cpu, process.CPU(s.cmd.Process.Pid) - own}
	time.Sleep(statsDelay)
	after, err := s.transactions(ctx)
	result.transactions = after - transactions
	if err == nil {
		result.mostCalls, err = t.most()
	}
	if err == nil {
		result.late, err = s.lateness(ctx, label)
	}
	return result, err
}

// statsDelay is how long Postgres may take to count a transaction.
const statsDelay = 2 * time.Second

// transactions is how many Postgres has had in this database.
func (s *stack) transactions(ctx context.Context) (n int, err error) {
	const query = `SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()`
	return n, s.database.QueryRow(ctx, query).Scan(&n)
}

// follow follows the live feed until stop is called.
func (s *stack) follow(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	events, ended := make(chan client.Event, 1024), make(chan struct{})
	go func() {
		defer close(ended)
		if err := s.api.Feed(ctx, events); err != nil {
			say("live feed: %v", err)
		}
	}()
	go func() {
		for range events {
		}
	}()
	return func() { cancel(); <-ended }
}

// calm has Postgres do now what making the jobs left it to do, or it would do so
// while the herd is measured.
func (s *stack) calm(ctx context.Context) error {
	for _, sql := range []string{"VACUUM ANALYZE", "CHECKPOINT"} {
		if _, err := s.database.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// idle measures the lateness in a system that has next to nothing to do: ten
// runs each second, for long enough that a 99th percentile means something.
func (s *stack) idle(ctx context.Context, t *target) (lateness, error) {
	const jobs, seconds = 10, 50
	start := time.Now().Add(settle).Truncate(time.Second)
	end, before := start.Add(seconds*time.Second), s.admin.Metric(recordedRuns)
	spec := schedule.Spec{Every: schedule.Duration(time.Second), Start: &start, End: &end}
	if err := s.create(ctx, jobs, "idle", spec, t.url, carillon.OverlapSkip); err != nil {
		return lateness{}, err
	}
	if _, err := s.awaitRecorded(ctx, "idle", jobs*(seconds-1), before); err != nil {
		return lateness{}, err
	}
	return s.lateness(ctx, "idle")
}

func (s *stack) create(ctx context.Context, n int, label string, spec schedule.Spec, url string, overlap carillon.Overlap) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(createAtOnce)
	for i := range n {
		group.Go(func() error {
			return s.api.Do(ctx, "POST", "/jobs", carillon.Document{
				Name: fmt.Sprintf("%s-%06d", label, i), Schedule: spec, Target: carillon.Target{URL: url}, Overlap: overlap,
			}, nil)
		})
	}
	return group.Wait()
}

// awaitRecorded waits until n runs of a load have ended, and returns when the
// last of them was committed. It asks the recorder, and Postgres only then: to
// count rows again and again would cost what is measured here.
func (s *stack) awaitRecorded(ctx context.Context, label string, n int, before float64) (last time.Time, err error) {
	for s.admin.Metric(recordedRuns)-before < float64(n) {
		select {
		case <-ctx.Done():
			return last, ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
	const query = `SELECT count(*), max(recorded_at) FROM runs WHERE job_name LIKE $1 || '-%' AND state = 'succeeded'`
	var succeeded int
	if err = s.database.QueryRow(ctx, query, label).Scan(&succeeded, &last); err == nil && succeeded < n {
		err = fmt.Errorf("%d of %d runs succeeded", succeeded, n)
	}
	return last, err
}

func (s *stack) lateness(ctx context.Context, label string) (l lateness, err error) {
	const query = `SELECT percentile_disc(ARRAY[0.5, 0.99, 1]) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - fire_time)::float8)
		FROM runs WHERE job_name LIKE $1 || '-%'`
	var seconds []float64
	if err := s.database.QueryRow(ctx, query, label).Scan(&seconds); err != nil {
		return l, err
	}
	at := func(i int) time.Duration { return time.Duration(seconds[i] * float64(time.Second)) }
	return lateness{at(0), at(1), at(2)}, nil
}
