package retention

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func (w *world) check(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(append([]string{}, want...), w.runs(t)); diff != "" {
		t.Error(diff)
	}
}

func TestTheDefaultKeepsSuccessesAMonthAndTheRestAQuarter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, age := range []int{0, 29, 30, 89, 90} {
		w.record(t, "default", "succeeded", ago(age), 9)
		w.record(t, "default", "failed", ago(age), 1)
		w.record(t, "default", "running", ago(age), 1)
	}
	w.sweep(t)
	want := []string{
		"default failed 0 1", "default failed 29 1", "default failed 30 1", "default failed 89 1",
		"default running 0 1", "default running 29 1", "default running 30 1", "default running 89 1",
		"default succeeded 0 9", "default succeeded 29 9",
	}
	w.check(t, want...)
	if diff := cmp.Diff([]string{"0", "29", "30", "89"}, w.partitions(t)); diff != "" {
		t.Error(diff)
	}
	w.sweep(t)
	w.check(t, want...)
}

// TestEachWayRemovesTheSame has days that are dropped, rewritten and deleted from.
func TestEachWayRemovesTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keep(t, "short", 3, `{}`)
	w.keep(t, "long", 400, `{"skipped": 2}`)
	for age, namespaces := range map[int][3]int{5: {10, 0, 0}, 6: {10, 5, 0}, 7: {10, 5000, 0}, 8: {0, 10, 10}, 9: {0, 10, 0}, 100: {1, 1, 1}} {
		w.record(t, "short", "failed", ago(age), namespaces[0])
		w.record(t, "long", "failed", ago(age), namespaces[1])
		w.record(t, "other", "failed", ago(age), namespaces[2])
	}
	w.record(t, "long", "skipped", ago(7), 1)
	w.sweep(t)
	w.check(t, "long failed 100 1", "long failed 6 5", "long failed 7 5000", "long failed 8 10", "long failed 9 10", "other failed 8 10")
	if diff := cmp.Diff([]string{"6", "7", "8", "9", "100"}, w.partitions(t)); diff != "" {
		t.Error(diff)
	}
}

// TestARewrittenDayIsLikeOthers holds that later writes, sweeps and lists find
// what they would have found before.
func TestARewrittenDayIsLikeOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const shape = `SELECT concat_ws(' ', pg_get_expr(relpartbound, oid),
			(SELECT count(*) FROM pg_index JOIN pg_inherits ON pg_inherits.inhrelid = indexrelid WHERE indrelid = pg_class.oid),
			(SELECT count(*) FROM pg_constraint WHERE conrelid = pg_class.oid))
		FROM pg_class WHERE relname IN ('runs_20260228', 'attempts_20260228') ORDER BY relname`
	w.record(t, "default", "succeeded", ago(30), 8)
	w.record(t, "default", "failed", ago(30), 2)
	before := w.query(t, shape)
	for range 2 {
		w.sweep(t)
		w.check(t, "default failed 30 2")
		if diff := cmp.Diff(before, w.query(t, shape)); diff != "" || len(before) != 2 {
			t.Error(diff, before)
		}
		w.record(t, "default", "succeeded", ago(30), 8)
	}
	if tables := w.query(t, `SELECT relname::text FROM pg_class WHERE relname LIKE '%kept' AND relkind = 'r'`); len(tables) > 0 {
		t.Errorf("left %v", tables)
	}
}

func TestWhatWasRecordedLateIsKeptFromThen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.record(t, "default", "succeeded", ago(200), 1)
	w.recordLate(t, "default", "succeeded", ago(201), now.AddDate(0, 0, -29), 1)
	w.recordLate(t, "default", "succeeded", ago(202), now.AddDate(0, 0, -31), 1)
	w.recordLate(t, "default", "succeeded", ago(30), ago(29), 1) // over midnight
	w.sweep(t)
	w.check(t, "default succeeded 201 1")
}

func TestHorizonsTellWhatIsIncomplete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keep(t, "short", 3, `{}`)
	w.keep(t, "long", 400, `{}`)
	for _, age := range []int{0, 10, 30, 31, 100} {
		for _, namespace := range []string{"short", "long", "other"} {
			w.record(t, namespace, "succeeded", ago(age), 1)
		}
	}
	horizons := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, w.query(t, `SELECT concat_ws(' ', namespace, '2026-03-30'::date - (begins AT TIME ZONE 'UTC')::date) FROM horizons ORDER BY namespace`)); diff != "" {
			t.Error(diff)
		}
	}
	w.sweep(t)
	horizons("other 29", "short 9")
	w.keep(t, "short", 400, `{}`)
	w.sweep(t)
	horizons("other 29", "short 9")
}

// Runs go page by page, for minutes. A retention that is made shorter meanwhile holds
// for the next sweep, which raises the horizon first.
func TestSettingsThatChangeMeanwhileWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keep(t, "long", 400, `{}`)
	w.record(t, "default", "failed", ago(90), 1)
	w.record(t, "long", "failed", ago(90), 9)
	conn, err := New(w.pool).connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	s, err := readScope(t.Context(), conn, now)
	if err != nil {
		t.Fatal(err)
	}
	p := &partition{scope: s, day: ago(90).Truncate(day), conn: conn}
	if err := p.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if done, err := p.patiently(t.Context()); err != nil || done.how != deleted {
		t.Fatal(done, err)
	}
	w.keep(t, "long", 30, `{}`)
	if err := p.delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.check(t, "long failed 90 9")
	w.sweep(t)
	w.check(t)
	if got := w.query(t, `SELECT namespace FROM horizons ORDER BY namespace`); !slices.Equal(got, []string{"default", "long"}) {
		t.Errorf("horizons of %v", got)
	}
}

func TestWithoutSettingsNothingIsRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(t, `DELETE FROM retention`)
	w.record(t, "default", "succeeded", ago(5000), 1)
	w.sweep(t)
	w.check(t, "default succeeded 5000 1")
	w.keep(t, "other", 1, `{}`)
	w.sweep(t)
	w.check(t, "default succeeded 5000 1")
}

func TestAClockThatIsAheadRemovesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	today := time.Now().UTC()
	w.recordLate(t, "default", "succeeded", today, today, 1)
	if err := New(w.pool).Sweep(t.Context(), today.AddDate(1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	if n := len(w.runs(t)); n != 1 {
		t.Errorf("%d runs left", n)
	}
}

// TestALongReaderPutsRetentionOff holds that a day whose tables are in use stays
// whole, and that the next sweep finds it again.
func TestALongReaderPutsRetentionOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.record(t, "default", "failed", ago(90), 3)
	reader, err := w.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Rollback(context.Background()) }()
	if _, err := reader.Exec(t.Context(), `SELECT FROM runs`); err != nil {
		t.Fatal(err)
	}
	s := New(w.pool)
	ctx, cancel := context.WithTimeout(t.Context(), 3*lockTimeout)
	defer cancel()
	if err := s.Sweep(ctx, now); err == nil || !strings.Contains(err.Error(), ago(90).Format(time.DateOnly)) {
		t.Errorf("got %v", err)
	}
	w.check(t, "default failed 90 3")
	if err := reader.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	w.check(t)
}

// TestWorkOnOtherDaysPutsNothingOff has an autovacuum, or an index build, of today, as
// far as locks are concerned. Days are dropped and rewritten, and a new one is made.
func TestWorkOnOtherDaysPutsNothingOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.record(t, "default", "failed", ago(0), 1)
	w.record(t, "default", "failed", ago(90), 3)
	w.record(t, "default", "succeeded", ago(31), 3)
	w.record(t, "default", "failed", ago(31), 1)
	vacuum, err := w.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = vacuum.Rollback(context.Background()) }()
	if _, err := vacuum.Exec(t.Context(), `LOCK TABLE runs_20260330 IN SHARE UPDATE EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	w.sweep(t)
	w.check(t, "default failed 0 1", "default failed 31 1")
	w.record(t, "default", "failed", ago(1), 1)
}

// TestOneSweepsAtATime has two sweeps, of which the one that comes second has
// nothing to wait for.
func TestOneSweepsAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.record(t, "default", "failed", ago(90), 1)
	other, err := w.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Release()
	if _, err := other.Exec(t.Context(), `SELECT pg_advisory_lock($1)`, turn); err != nil {
		t.Fatal(err)
	}
	s := New(w.pool)
	if err := s.Sweep(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	w.check(t, "default failed 90 1")
	if _, err := other.Exec(t.Context(), `SELECT pg_advisory_unlock($1)`, turn); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	w.check(t)
}
