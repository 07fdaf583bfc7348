package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"golang.org/x/sync/errgroup"
)

// lateness is how long after their fire times runs were called.
type lateness struct{ p50, p99, max time.Duration }

// herdResult is what one herd showed.
type herdResult struct {
	rate
	statements int // of SQL, by the recorder
	late       lateness
}

// Counters of the recorder.
const (
	recordedRuns   = "carillon_recorder_runs_total"
	sentStatements = "carillon_recorder_statements_total"
)

// The load is prepared this fast, so that the herd is due soon after.
const (
	createAtOnce = 8
	createRate   = 700 // jobs a second, at the least
	settle       = 12 * time.Second
)

// herd makes n jobs that are due at one instant, and measures from that instant
// until the last outcome is committed.
func (s *stack) herd(ctx context.Context, t *target, n int) (herdResult, error) {
	s.herds++
	label := fmt.Sprintf("herd-%d", s.herds)
	at := time.Now().Add(time.Duration(n/createRate)*time.Second + settle).Truncate(time.Second)
	if err := s.create(ctx, n, label, schedule.Spec{At: &at}, t.url); err != nil {
		return herdResult{}, err
	}
	if err := s.calm(ctx); err != nil {
		return herdResult{}, err
	}
	if time.Until(at) < time.Second {
		return herdResult{}, fmt.Errorf("making %d jobs took too long", n)
	}
	time.Sleep(time.Until(at.Add(-500 * time.Millisecond)))
	cpu, own := s.cpu(t), cpuOfAlone(s.cmd.Process.Pid)
	before, statements := s.metric(recordedRuns), s.metric(sentStatements)
	end, err := s.awaitRecorded(ctx, label, n, before)
	if err != nil {
		return herdResult{}, err
	}
	result := herdResult{
		rate:       rate{n, end.Sub(at).Seconds(), s.cpu(t) - cpu, cpuOfAlone(s.cmd.Process.Pid) - own},
		statements: int(s.metric(sentStatements) - statements),
	}
	result.late, err = s.lateness(ctx, label)
	return result, err
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
	end, before := start.Add(seconds*time.Second), s.metric(recordedRuns)
	spec := schedule.Spec{Every: schedule.Duration(time.Second), Start: &start, End: &end}
	if err := s.create(ctx, jobs, "idle", spec, t.url); err != nil {
		return lateness{}, err
	}
	if _, err := s.awaitRecorded(ctx, "idle", jobs*(seconds-1), before); err != nil {
		return lateness{}, err
	}
	return s.lateness(ctx, "idle")
}

func (s *stack) create(ctx context.Context, n int, label string, spec schedule.Spec, url string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(createAtOnce)
	for i := range n {
		group.Go(func() error {
			return s.api.Do(ctx, "POST", "/jobs", carillon.Document{
				Name: fmt.Sprintf("%s-%06d", label, i), Schedule: spec, Target: carillon.Target{URL: url}, Overlap: carillon.OverlapAllow,
			}, nil)
		})
	}
	return group.Wait()
}

// awaitRecorded waits until n runs of a load have ended, and returns when the
// last of them was committed. It asks the recorder, and Postgres only then: to
// count rows again and again would cost what is measured here.
func (s *stack) awaitRecorded(ctx context.Context, label string, n int, before float64) (last time.Time, err error) {
	for s.metric(recordedRuns)-before < float64(n) {
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

// metric reads one of carillon's own counters.
func (s *stack) metric(name string) float64 {
	response, err := http.Get(s.admin + "/metrics")
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	total := 0.0
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if line := lines.Text(); strings.HasPrefix(line, name) {
			value, _ := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
			total += value
		}
	}
	return total
}
