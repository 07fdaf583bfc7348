package ledger

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"pgregory.net/rapid"
)

// told is an event as the tests make it: all that it says follows from what
// orders it, as it does for the real events of one run.
func told(job uuid.UUID, fire time.Time, state carillon.State, attempts int, finished time.Time) *wire.Outcome {
	event := &wire.Outcome{
		RunID: carillon.NewRunID(job, carillon.KindSchedule, fire), JobID: job, Job: "report", Namespace: "default",
		Revision: int64(attempts), Queue: "default", Kind: carillon.KindSchedule, FireTime: fire, PlannedAt: fire,
		State: state, Attempts: attempts, FinishedAt: finished, Reason: fmt.Sprint(state, attempts, finished.UnixMicro()),
	}
	if attempts > 0 {
		event.StartedAt = fire.Add(time.Second)
		event.Attempt = &wire.Attempt{Number: attempts, StartedAt: event.StartedAt, FinishedAt: finished, Error: event.FinishedAt.String()}
		if finished.Second()%2 == 0 {
			event.Attempt.Response = "done"
		}
	}
	return event
}

func succeeded(job uuid.UUID, fire time.Time) *wire.Outcome {
	event := told(job, fire, carillon.StateSucceeded, 1, fire.Add(2*time.Second))
	event.Attempt.Status, event.Attempt.Response = 200, "done"
	return event
}

// contents returns both tables as text, without what depends on how they came to be.
func contents(t failer, pool *pgxpool.Pool) []string {
	t.Helper()
	return read(t, pool, `
		SELECT (to_jsonb(r) - 'recorded_at' - 'was_state' - 'was_started_at' - 'was_finished_at')::text FROM runs r UNION ALL SELECT to_jsonb(a)::text FROM attempts a ORDER BY 1`)
}

func empty(t failer, pool *pgxpool.Pool) {
	t.Helper()
	if _, err := pool.Exec(context.Background(), "DELETE FROM runs; DELETE FROM attempts; DELETE FROM job_stats"); err != nil {
		t.Fatal(err)
	}
}

type failer interface {
	Helper()
	Fatal(...any)
}

func read(t failer, pool *pgxpool.Pool, sql string, args ...any) []string {
	t.Helper()
	result, err := pool.Query(context.Background(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(result, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func record(t failer, l *Ledger, events ...*wire.Outcome) {
	t.Helper()
	if err := l.Record(context.Background(), events); err != nil {
		t.Fatal(err)
	}
}

// TestTheRowDependsOnlyOnTheSetOfEvents records the events of two runs once in
// the order of their making, and again permuted, repeated and cut into batches.
func TestTheRowDependsOnlyOnTheSetOfEvents(t *testing.T) {
	t.Parallel()
	pool := database(t)
	l := New(pool)
	rapid.Check(t, func(t *rapid.T) {
		empty(t, pool)
		events := rapid.SliceOfN(rapid.Custom(someEvent), 1, 12).Draw(t, "events")
		for _, event := range events {
			record(t, l, event)
		}
		want := contents(t, pool)

		empty(t, pool)
		again := rapid.Permutation(append(slices.Clone(events), events...)).Draw(t, "again")
		for len(again) > 0 {
			n := rapid.IntRange(1, len(again)).Draw(t, "batch")
			record(t, l, again[:n]...)
			again = again[n:]
		}
		if diff := cmp.Diff(want, contents(t, pool)); diff != "" {
			t.Fatal(diff)
		}
	})
}

var someJob = uuid.New()

func someEvent(t *rapid.T) *wire.Outcome {
	fire := noon.Add(time.Duration(rapid.IntRange(0, 1).Draw(t, "fire")) * time.Minute)
	state := rapid.SampledFrom(carillon.States()).Draw(t, "state")
	attempts := rapid.IntRange(0, 3).Draw(t, "attempts")
	finished := time.Time{}
	if state.Final() {
		finished = fire.Add(time.Duration(rapid.IntRange(1, 2).Draw(t, "finished")) * time.Second)
	}
	event := told(someJob, fire, state, attempts, finished)
	if rapid.Bool().Draw(t, "silent") {
		event.Reason = ""
	}
	return event
}

// TestGoAndPostgresOrderAlike lets Postgres choose between each pair of events.
func TestGoAndPostgresOrderAlike(t *testing.T) {
	t.Parallel()
	pool := database(t)
	l := New(pool)
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Custom(someEvent).Draw(t, "a"), rapid.Custom(someEvent).Draw(t, "b")
		b.FireTime, b.RunID = a.FireTime, a.RunID
		empty(t, pool)
		record(t, l, a)
		record(t, l, b)
		want := a.Reason
		if later(b, a) > 0 {
			want = b.Reason
		}
		if got := read(t, pool, "SELECT reason FROM runs"); got[0] != want {
			t.Fatalf("after %s then %s: got %s", a.Reason, b.Reason, got[0])
		}
	})
}

func TestRecordingAgainTouchesNothing(t *testing.T) {
	t.Parallel()
	pool := database(t)
	l, event := New(pool), succeeded(uuid.New(), noon)
	const versions = "SELECT concat(r.ctid, r.xmin, a.ctid, a.xmin) FROM runs r JOIN attempts a ON a.run_id = r.id"
	record(t, l, event, event)
	before := read(t, pool, versions)
	record(t, l, event)
	if after := read(t, pool, versions); !slices.Equal(before, after) {
		t.Errorf("row versions %v became %v", before, after)
	}
}

func TestWhatAnEventSaysIsWhatTheRowsHold(t *testing.T) {
	t.Parallel()
	pool := database(t)
	event := succeeded(uuid.MustParse("0198c5a0-0000-7000-8000-000000000001"), noon)
	event.Attempt.Error = ""
	record(t, New(pool), event)
	want := []string{
		fmt.Sprintf("%s|%s|report|default|schedule|succeeded|%s|1|default|1|200|12:00:00|12:00:01|12:00:02|t", event.RunID, event.JobID, event.Reason),
		fmt.Sprintf("%s|1|12:00:01|12:00:02|200|||done", event.RunID),
	}
	got := read(t, pool, `
		SELECT concat_ws('|', id, job_id, job_name, namespace, kind, state, reason, revision, queue, attempts, status,
			(planned_at AT TIME ZONE 'UTC')::time, (started_at AT TIME ZONE 'UTC')::time, (finished_at AT TIME ZONE 'UTC')::time,
			recorded_at > now() - interval '1 minute') FROM runs
		UNION ALL
		SELECT concat_ws('|', run_id, number, (started_at AT TIME ZONE 'UTC')::time, (finished_at AT TIME ZONE 'UTC')::time,
			status, coalesce(class, ''), coalesce(error, ''), response) FROM attempts`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyAttemptsThatSayMoreThanTheirRunAreRecorded(t *testing.T) {
	t.Parallel()
	pool := database(t)
	silent, answered := succeeded(uuid.New(), noon), succeeded(uuid.New(), noon)
	silent.Attempt.Response = ""
	failed := told(uuid.New(), noon, carillon.StateFailed, 1, noon)
	second := told(uuid.New(), noon, carillon.StateSucceeded, 2, noon.Add(time.Second))
	record(t, New(pool), silent, answered, failed, second)
	want := []string{fmt.Sprint(answered.RunID, 1), fmt.Sprint(failed.RunID, 1), fmt.Sprint(second.RunID, 2)}
	slices.Sort(want)
	if diff := cmp.Diff(want, read(t, pool, "SELECT concat_ws(' ', run_id, number) FROM attempts ORDER BY 1")); diff != "" {
		t.Error(diff)
	}
	if got := read(t, pool, "SELECT id::text FROM runs"); len(got) != 4 {
		t.Errorf("%d runs, want 4", len(got))
	}
}

func TestOneRefusedEventStoresNothingOfItsBatch(t *testing.T) {
	t.Parallel()
	pool := database(t)
	good, bad := succeeded(uuid.New(), noon), succeeded(uuid.New(), noon)
	bad.Attempt.Response = "a\x00b"
	if err := New(pool).Record(context.Background(), []*wire.Outcome{good, bad}); !IsRefusal(err) {
		t.Errorf("got %v, want a refusal", err)
	}
	if got := read(t, pool, "SELECT id::text FROM runs"); len(got) != 0 {
		t.Errorf("stored %v", got)
	}
}

func TestTheWeekAheadHasPartitions(t *testing.T) {
	t.Parallel()
	pool := database(t)
	l := New(pool)
	for range 2 {
		if err := l.PrepareAhead(context.Background(), noon); err != nil {
			t.Fatal(err)
		}
	}
	for n := range daysAhead + 1 {
		record(t, &Ledger{pool: pool, days: l.days}, succeeded(uuid.New(), noon.AddDate(0, 0, n)))
	}
	if len(l.days) != daysAhead+1 {
		t.Errorf("%d days known, want %d", len(l.days), daysAhead+1)
	}
}

func TestAPartitionThatWentAwayIsMadeAgain(t *testing.T) {
	t.Parallel()
	pool := database(t)
	l, first, second := New(pool), succeeded(uuid.New(), noon), succeeded(uuid.New(), noon)
	record(t, l, first)
	const drop = "DO $$ DECLARE p regclass; BEGIN FOR p IN SELECT inhrelid FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE c.relkind = 'r' LOOP EXECUTE 'DROP TABLE ' || p; END LOOP; END $$"
	if _, err := pool.Exec(context.Background(), drop); err != nil {
		t.Fatal(err)
	}
	record(t, l, second)
}

// TestRecordersSideBySideDoNotDeadlock records the same events from many sides,
// each in an order of its own.
func TestRecordersSideBySideDoNotDeadlock(t *testing.T) {
	t.Parallel()
	pool := database(t)
	job := uuid.New()
	var wait sync.WaitGroup
	for attempts := range 20 {
		events := make([]*wire.Outcome, 200)
		for at, n := range rand.Perm(len(events)) {
			events[at] = told(job, noon.Add(time.Duration(n)*time.Second), carillon.StateRunning, attempts, time.Time{})
		}
		wait.Go(func() {
			if err := New(pool).Record(context.Background(), events); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	want := []string{"200 rows at 19"}
	if got := read(t, pool, "SELECT count(*) || ' rows at ' || min(attempts) FROM runs"); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// What the days of a batch need more than one statement for stays, though one fails.
func TestTheDaysOfABatchAreMadeBitByBit(t *testing.T) {
	t.Parallel()
	pool := database(t)
	l, job := New(pool), uuid.New()
	var events []*wire.Outcome
	for n := range 2*daysAtOnce + 5 {
		events = append(events, succeeded(job, noon.AddDate(1, 0, n)))
	}
	last := "runs_" + events[len(events)-1].FireTime.Format("20060102")
	if _, err := pool.Exec(t.Context(), "CREATE DOMAIN "+last+" AS int"); err != nil {
		t.Fatal(err)
	}
	if err := l.Record(t.Context(), events); err == nil || len(l.days) != 2*daysAtOnce {
		t.Errorf("%d days made, %v", len(l.days), err)
	}
	if _, err := pool.Exec(t.Context(), "DROP DOMAIN "+last); err != nil {
		t.Fatal(err)
	}
	record(t, l, events...)
}
