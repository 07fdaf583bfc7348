package recorder_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/recorder"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

const tally = `SELECT state || ' ' || count(*) FROM runs GROUP BY state
	UNION ALL SELECT 'attempts ' || count(*) FROM attempts WHERE status = 200 ORDER BY 1`

func TestEventsInAnyOrderBecomeOneRowEach(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.publish(t, topology.EventFinished, succeeded, 0, 2000)
	s.publish(t, topology.EventStarted, started, 0, 3000)
	s.publish(t, topology.EventFinished, succeeded, 1000, 3000)
	s.start(t)
	eventually(t, s.drained)
	if diff := cmp.Diff([]string{"attempts 3000", "succeeded 3000"}, s.query(t, tally)); diff != "" {
		t.Error(diff)
	}
}

func TestRecordersSideBySide(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for range 2 {
		s.start(t)
	}
	s.publish(t, topology.EventStarted, started, 0, 10_000)
	s.publish(t, topology.EventFinished, succeeded, 0, 10_000)
	eventually(t, s.drained)
	if diff := cmp.Diff([]string{"attempts 10000", "succeeded 10000"}, s.query(t, tally)); diff != "" {
		t.Error(diff)
	}
}

func TestPoisonDoesNotBlockTheRest(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	zero, strange, nameless := succeeded(1), succeeded(2), succeeded(3)
	zero.Attempt.Response = "a\x00b"
	strange.Kind = "whim"
	nameless.RunID[15]++ // fits the fire time, but is no run that Carillon makes
	nameless.PlannedAt = time.Time{}
	for _, body := range [][]byte{
		[]byte("{"), nil, []byte("{}"), []byte(`{"fire_time":"yesterday"}`), wire.Encode(zero), wire.Encode(strange), wire.Encode(nameless),
	} {
		s.publish(t, topology.EventFinished, succeeded, 10, 110)
		if err := s.send(t, topology.EventFinished, body, nil)(); err != nil {
			t.Fatal(err)
		}
	}
	s.start(t)
	eventually(t, s.drained)
	if diff := cmp.Diff([]string{"attempts 100", "succeeded 100"}, s.query(t, tally)); diff != "" {
		t.Error(diff)
	}
	reasons := s.query(t, "SELECT reason FROM set_aside_events WHERE subject LIKE 'outcome.default.%' ORDER BY sequence")
	if len(reasons) != 7 || !strings.Contains(reasons[4], "invalid byte sequence") || !strings.Contains(reasons[5], "runs_kind_check") {
		t.Errorf("set aside because of %q", reasons)
	}
}

func TestSettingsThatCannotWork(t *testing.T) {
	t.Parallel()
	err := recorder.Run(t.Context(), recorder.Config{BatchSize: 0, BatchWait: time.Hour}, nil)
	if err == nil {
		t.Fatal("no error")
	}
	for _, name := range []string{"CARILLON_BATCH_SIZE", "CARILLON_BATCH_WAIT"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%q does not name %s", err, name)
		}
	}
}

// TestStoppedAndStartedManyTimes stops recorders in the middle of their work.
func TestStoppedAndStartedManyTimes(t *testing.T) {
	s := newStage(t)
	const rounds, each = 25, 400
	play := func(round int) {
		s.publish(t, topology.EventFinished, succeeded, round*each, (round+1)*each)
		_, stop := s.start(t)
		defer stop()
		eventually(t, func() error { return s.recorded(t, round*each+1) })
	}
	play(0) // leaves goroutines in the server and the test's own client
	ignored := goleak.IgnoreCurrent()
	for round := 1; round < rounds; round++ {
		play(round)
	}
	eventually(t, func() error { return goleak.Find(ignored) }) // connections take their time to close
	s.start(t)
	eventually(t, s.drained)
	if diff := cmp.Diff([]string{"attempts 10000", "succeeded 10000"}, s.query(t, tally)); diff != "" {
		t.Error(diff)
	}
}

// recorded fails until there are so many rows.
func (s *stage) recorded(t *testing.T, want int) error {
	t.Helper()
	enough := fmt.Sprintf("SELECT (count(*) >= %d)::text FROM runs", want)
	if s.query(t, enough)[0] != "true" {
		return fmt.Errorf("fewer than %d rows", want)
	}
	return nil
}
