package gateway

import (
	"fmt"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// record writes a line of the ledger, as the recorder would.
func (w *world) record(t *testing.T, job uuid.UUID, namespace string, kind carillon.Kind, at time.Time, state carillon.State) uuid.UUID {
	t.Helper()
	id := carillon.NewRunID(job, kind, at)
	_, err := w.pool.Exec(t.Context(), `
		INSERT INTO runs (id, fire_time, job_id, job_name, namespace, kind, state, revision, queue, attempts, status, planned_at)
		VALUES ($1, $2, $3, 'x', $4, $5, $6, 1, 'default', 2, 200, $2)`, id, at, job, namespace, kind, state)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestRunsAreListedAndRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	start := time.Date(2026, 11, 22, 23, 59, 50, 123456000, time.UTC)
	for _, day := range []string{"2026-11-22", "2026-11-23"} {
		if _, err := w.pool.Exec(t.Context(), `SELECT ensure_day_partition($1::date)`, day); err != nil {
			t.Fatal(err)
		}
	}
	a, b := carillon.NewJobID(), carillon.NewJobID()
	var ids []uuid.UUID
	for i := range 20 {
		at := start.Add(time.Duration(i/2) * 2 * time.Second) // two runs at each instant, over midnight
		job, namespace, kind, state := a, "default", carillon.KindSchedule, carillon.StateSucceeded
		if i%2 == 1 {
			job, namespace = b, "other"
		}
		if i == 4 {
			kind, state = carillon.KindManual, carillon.StateFailed
		}
		if i == 5 {
			state = carillon.StateMissed
		}
		ids = append(ids, w.record(t, job, namespace, kind, at, state))
	}
	list := func(query string) (got []uuid.UUID) {
		for cursor := ""; ; {
			page := into[struct {
				Items []struct {
					ID       uuid.UUID `json:"id"`
					FireTime time.Time `json:"fire_time"`
				}
				NextCursor string `json:"next_cursor"`
			}](t, w.call(t, "GET", "/api/v1/runs?"+query+"&cursor="+cursor, nil), 200)
			for _, run := range page.Items {
				got = append(got, run.ID)
			}
			if cursor = page.NextCursor; cursor == "" {
				return got
			}
		}
	}
	all := list("limit=500")
	if len(all) != 20 || carillon.RunTime(all[0]).Before(carillon.RunTime(all[19])) {
		t.Errorf("the list is not newest first: %v", all)
	}
	for _, limit := range []int{1, 3, 19, 20} {
		if diff := cmp.Diff(all, list(fmt.Sprintf("limit=%d", limit))); diff != "" {
			t.Errorf("in pages of %d: %s", limit, diff)
		}
	}
	for query, want := range map[string]int{
		"namespace=other": 10, "job_id=" + a.String(): 10, "state=failed": 1, "state=failed&state=missed": 2, "kind=manual": 1,
		"from=2026-11-23T00:00:00Z": 10, "to=2026-11-23T00:00:00Z": 10, "from=2026-11-22T23:59:52.123456Z&to=2026-11-22T23:59:54.123456Z": 2,
		"namespace=other&state=succeeded": 9, "namespace=nobody": 0,
	} {
		if got := list(query); len(got) != want {
			t.Errorf("%s: %d runs, want %d", query, len(got), want)
		}
	}
	checkHistoryOfRun(t, w, ids[4])
	checkHistoryOfSuccess(t, w, ids[6])
	intoProblem(t, w.call(t, "GET", "/api/v1/runs/"+uuid.NewString(), nil), 404)
}

// checkHistoryOfRun gives a run two attempts and reads them back.
func checkHistoryOfRun(t *testing.T, w *world, id uuid.UUID) {
	t.Helper()
	_, err := w.pool.Exec(t.Context(), `
		INSERT INTO attempts (fire_time, run_id, number, started_at, status, class, error)
		SELECT fire_time, id, n, fire_time, 500, 'status', 'boom' FROM runs, generate_series(1, 2) n WHERE id = $1`, id)
	if err != nil {
		t.Fatal(err)
	}
	run := into[struct {
		ID       uuid.UUID `json:"id"`
		Attempts int
		Status   int
		Kind     string
		History  []struct {
			Number int
			Class  string
		}
	}](t, w.call(t, "GET", "/api/v1/runs/"+id.String(), nil), 200)
	if run.ID != id || run.Attempts != 2 || run.Status != 200 || run.Kind != "manual" || len(run.History) != 2 || run.History[1].Number != 2 || run.History[1].Class != "status" {
		t.Errorf("run %+v", run)
	}
}

// checkHistoryOfSuccess reads a run that succeeded at once: with no attempt
// recorded, with one that another call of it did better than, and with its own.
func checkHistoryOfSuccess(t *testing.T, w *world, id uuid.UUID) {
	t.Helper()
	w.exec(t, `UPDATE runs SET attempts = 1, started_at = fire_time, finished_at = fire_time + interval '2s' WHERE id = $1`, id)
	check := func(number int, response string) {
		t.Helper()
		run := into[struct {
			StartedAt  time.Time `json:"started_at"`
			FinishedAt time.Time `json:"finished_at"`
			History    []struct {
				Number, Status  int
				StartedAt       time.Time `json:"started_at"`
				FinishedAt      time.Time `json:"finished_at"`
				Class, Response string
			}
		}](t, w.call(t, "GET", "/api/v1/runs/"+id.String(), nil), 200)
		if len(run.History) != number {
			t.Fatalf("history %+v", run.History)
		}
		if a := run.History[0]; a.Number != 1 || a.Status != 200 || a.Class != "" || a.Response != response ||
			!a.StartedAt.Equal(run.StartedAt) || !a.FinishedAt.Equal(run.FinishedAt) {
			t.Errorf("run %+v", run)
		}
	}
	const attempt = `INSERT INTO attempts (fire_time, run_id, number, started_at, finished_at, class, error)
		SELECT fire_time, id, $2, started_at, finished_at, 'connect', 'boom' FROM runs WHERE id = $1`
	check(1, "")
	w.exec(t, attempt, id, 2) // of a runner that had been cut off
	check(2, "")
	w.exec(t, attempt, id, 1)
	check(2, "")
	w.exec(t, `UPDATE attempts SET status = 200, class = NULL, error = NULL, response = 'done' WHERE run_id = $1 AND number = 1`, id)
	check(2, "done")
}

func (w *world) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := w.pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}
