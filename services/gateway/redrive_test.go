package gateway

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/redrive"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

func retryPath(run uuid.UUID) string { return "/api/v1/runs/" + run.String() + "/retry" }

// redriven is the answer to a redrive of one run.
type redriven struct {
	ID    uuid.UUID
	Kind  carillon.Kind
	State carillon.State
	Queue string
}

// ready reads the newest run of a job that waits in a queue.
func (w *world) ready(t *testing.T, job uuid.UUID, queue string) wire.Run {
	t.Helper()
	stream, err := w.js.Stream(t.Context(), topology.RunsStream)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := stream.GetLastMsgForSubject(t.Context(), topology.Ready(job, queue))
	if err != nil {
		t.Fatal(err)
	}
	run, err := wire.Decode[wire.Run]([]byte(msg.Header.Get(wire.RunHeader)))
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func (w *world) job(t *testing.T, name, overlap string) carillon.Job {
	t.Helper()
	return w.create(t, object{"name": name, "schedule": object{"every": "1h"}, "target": object{"url": "https://a.example"}, "overlap": overlap})
}

func TestEndedRunsAreRunAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Microsecond)
	w.exec(t, `SELECT ensure_day_partition($1::date)`, now)
	job := w.job(t, "again", "allow")
	for i, state := range carillon.States() {
		ended := w.record(t, job.ID, "default", carillon.KindSchedule, now.Add(time.Duration(i)), state)
		answer := w.call(t, "POST", retryPath(ended), nil)
		if !slices.Contains(redrive.States(), state) {
			if p := intoProblem(t, answer, http.StatusConflict); !strings.HasSuffix(p.Detail, "it is "+string(state)) {
				t.Errorf("%s: %s", state, p.Detail)
			}
			continue
		}
		got, run := into[redriven](t, answer, http.StatusAccepted), w.ready(t, job.ID, "default")
		if got.ID == ended || got.Kind != carillon.KindManual || got.State != carillon.StateQueued {
			t.Errorf("%s: answer %+v", state, got)
		}
		if run.ID != got.ID || run.RedriveOf == nil || *run.RedriveOf != ended || run.Attempt != 1 {
			t.Errorf("%s: planned %+v", state, run)
		}
		if p := intoProblem(t, w.call(t, "POST", retryPath(ended), nil), http.StatusConflict); !strings.Contains(p.Detail, got.ID.String()) {
			t.Errorf("%s: once more: %s", state, p.Detail)
		}
		if n := w.count(t, `SELECT count(*) FROM audit_log WHERE action = 'redriven' AND object = $1 AND after->>'run_id' = $2 AND actor <> ''`,
			"run/"+ended.String(), got.ID.String()); n != 1 {
			t.Errorf("%s: %d lines in the audit log", state, n)
		}
	}
}

func TestARedriveThatIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Microsecond)
	w.exec(t, `SELECT ensure_day_partition($1::date)`, now)
	intoProblem(t, w.call(t, "POST", retryPath(uuid.New()), nil), http.StatusNotFound)
	orphan := w.record(t, carillon.NewJobID(), "default", carillon.KindSchedule, now, carillon.StateFailed)
	intoProblem(t, w.call(t, "POST", retryPath(orphan), nil), http.StatusNotFound)
	job := w.job(t, "one", "skip")
	first := w.record(t, job.ID, "default", carillon.KindSchedule, now, carillon.StateFailed)
	second := w.record(t, job.ID, "default", carillon.KindSchedule, now.Add(1000), carillon.StateFailed)
	into[redriven](t, w.call(t, "POST", retryPath(first), nil), http.StatusAccepted)
	intoProblem(t, w.call(t, "POST", retryPath(second), nil), http.StatusConflict)
	if n := w.count(t, `SELECT count(*) FROM audit_log WHERE action = 'redriven'`); n != 1 {
		t.Errorf("%d lines in the audit log, want that of the run that was started", n)
	}
}

func TestARunIsRedrivenOnceWhoeverAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Microsecond)
	w.exec(t, `SELECT ensure_day_partition($1::date)`, now)
	job := w.job(t, "once", "allow")
	ended := w.record(t, job.ID, "default", carillon.KindSchedule, now, carillon.StateFailed)
	statuses, asking := make(chan int, 8), sync.WaitGroup{}
	for range cap(statuses) {
		asking.Go(func() { statuses <- w.call(t, "POST", retryPath(ended), nil).status })
	}
	asking.Wait()
	close(statuses)
	started := 0
	for status := range statuses {
		if status == http.StatusAccepted {
			started++
		}
	}
	if started != 1 {
		t.Errorf("started %d times", started)
	}
}

type bulkAnswer struct {
	Matched  int
	More     bool
	Started  int
	InFlight int `json:"in_flight"`
	Gone     int
}

func TestRedrivesInBulk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Microsecond).Add(-time.Second)
	w.exec(t, `SELECT ensure_day_partition($1::date)`, now)
	free, strict := w.job(t, "free", "allow"), w.job(t, "strict", "skip")
	for i := range 5 {
		at := now.Add(-time.Duration(i) * time.Millisecond)
		w.record(t, free.ID, "default", carillon.KindSchedule, at, carillon.StateFailed)
		w.record(t, strict.ID, "default", carillon.KindSchedule, at, carillon.StateFailed)
		w.record(t, free.ID, "default", carillon.KindManual, at, carillon.StateSucceeded)
		w.record(t, carillon.NewJobID(), "other", carillon.KindSchedule, at, carillon.StateMissed)
	}
	order := func(change object, status int) bulkAnswer {
		t.Helper()
		body := object{"from": now.Add(-time.Minute)}
		for key, value := range change {
			body[key] = value
		}
		return into[bulkAnswer](t, w.call(t, "POST", "/api/v1/runs/retry", body), status)
	}
	steps := []struct {
		name   string
		change object
		status int
		want   bulkAnswer
	}{
		{"a dry run", object{"dry_run": true}, 200, bulkAnswer{Matched: 6, More: true}},
		{"a dry run with a limit", object{"dry_run": true, "limit": 3}, 200, bulkAnswer{Matched: 3, More: true}},
		{"another namespace", object{"dry_run": true, "namespace": "other", "states": []string{"missed", "lost"}}, 200, bulkAnswer{Gone: 5}},
		{"a range without any", object{"to": now.Add(-30 * time.Second)}, 202, bulkAnswer{}},
		{"one job, in part", object{"job_id": free.ID, "limit": 2}, 202, bulkAnswer{Matched: 2, More: true, Started: 2}},
		{"all that is left", nil, 202, bulkAnswer{Matched: 4, More: true, Started: 4}},
		{"what is in flight", nil, 202, bulkAnswer{Matched: 1, More: true, InFlight: 1}},
		{"deleted jobs", object{"namespace": "other", "states": []string{"missed"}}, 202, bulkAnswer{Gone: 5}},
	}
	for _, step := range steps {
		if got := order(step.change, step.status); got != step.want {
			t.Errorf("%s: %+v, want %+v", step.name, got, step.want)
		}
	}
	if run := w.ready(t, strict.ID, carillon.BackfillQueue); run.RedriveOf == nil || *run.RedriveOf != carillon.NewRunID(strict.ID, carillon.KindSchedule, now) {
		t.Errorf("of the strict job %+v is run, want the newest", run)
	}
}

// Runs that cannot be started do not keep others from their turn.
func TestRedrivesBeyondALimitHaveTheirTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Microsecond).Add(-time.Second)
	w.exec(t, `SELECT ensure_day_partition($1::date)`, now)
	strict, free := w.job(t, "strict", "skip"), w.job(t, "free", "allow")
	for i := range 4 {
		newer, older := now.Add(-time.Duration(i)*time.Millisecond), now.Add(-time.Duration(i+10)*time.Millisecond)
		w.record(t, strict.ID, "default", carillon.KindSchedule, newer, carillon.StateFailed)
		w.record(t, carillon.NewJobID(), "default", carillon.KindSchedule, newer, carillon.StateFailed)
		w.record(t, free.ID, "default", carillon.KindSchedule, older, carillon.StateFailed)
	}
	for i, want := range []bulkAnswer{
		{Matched: 2, More: true, Started: 2, Gone: 4}, // the strict job's newest, one of the free job
		{Matched: 2, More: true, Started: 1, InFlight: 1, Gone: 4},
		{Matched: 2, More: true, Started: 1, InFlight: 1, Gone: 4},
		{Matched: 2, More: true, Started: 1, InFlight: 1, Gone: 4},
		{Matched: 1, More: true, InFlight: 1, Gone: 4},
	} {
		body := object{"from": now.Add(-time.Minute), "limit": 2}
		if got := into[bulkAnswer](t, w.call(t, "POST", "/api/v1/runs/retry", body), http.StatusAccepted); got != want {
			t.Errorf("request %d: %+v, want %+v", i+1, got, want)
		}
	}
}

func TestRedrivesGoToTheQueueOfTheirHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Microsecond).Add(-time.Second)
	w.exec(t, `SELECT ensure_day_partition($1::date)`, now)
	into[carillon.Queue](t, w.call(t, "PUT", "/api/v1/queues/partner", object{"concurrency": 1, "hosts": []string{"a.example"}}), 200)
	job := w.job(t, "limited", "allow")
	one := w.record(t, job.ID, "default", carillon.KindSchedule, now, carillon.StateFailed)
	if got := into[redriven](t, w.call(t, "POST", retryPath(one), nil), http.StatusAccepted); got.Queue != "partner" {
		t.Errorf("one by one in the queue %s", got.Queue)
	}
	many := w.record(t, job.ID, "default", carillon.KindSchedule, now.Add(time.Millisecond), carillon.StateFailed)
	into[bulkAnswer](t, w.call(t, "POST", "/api/v1/runs/retry", object{"from": now.Add(-time.Minute)}), http.StatusAccepted)
	if run := w.ready(t, job.ID, "partner"); run.RedriveOf == nil || *run.RedriveOf != many {
		t.Errorf("in bulk %+v is run", run)
	}
}

// planned counts the messages of runs.
func (w *world) planned(t *testing.T) uint64 {
	t.Helper()
	stream, err := w.js.Stream(t.Context(), topology.RunsStream)
	if err != nil {
		t.Fatal(err)
	}
	return stream.CachedInfo().State.Msgs
}

func TestARedriveThatCannotBeLoggedStartsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Microsecond)
	w.exec(t, `SELECT ensure_day_partition($1::date)`, now)
	job := w.job(t, "once", "allow")
	ended := w.record(t, job.ID, "default", carillon.KindSchedule, now, carillon.StateFailed)
	w.exec(t, `ALTER TABLE audit_log ADD CONSTRAINT broken CHECK (action <> 'redriven')`)
	intoProblem(t, w.call(t, "POST", retryPath(ended), nil), http.StatusInternalServerError)
	if n := w.planned(t); n != 0 {
		t.Errorf("%d runs started without a line", n)
	}
	w.exec(t, `ALTER TABLE audit_log DROP CONSTRAINT broken`)
	into[redriven](t, w.call(t, "POST", retryPath(ended), nil), http.StatusAccepted)
	intoProblem(t, w.call(t, "POST", retryPath(ended), nil), http.StatusConflict)
	if n := w.planned(t); n != 1 {
		t.Errorf("%d runs started, want 1", n)
	}
}

func TestARedriveWithoutNATSLeavesNoLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Microsecond)
	w.exec(t, `SELECT ensure_day_partition($1::date)`, now)
	job := w.job(t, "later", "allow")
	ended := w.record(t, job.ID, "default", carillon.KindSchedule, now, carillon.StateFailed)
	w.nats.Stop()
	eventually.Succeeds(t, func() error {
		if !slices.Contains(w.health.Problems(), "nats: not connected") {
			return fmt.Errorf("problems %q", w.health.Problems())
		}
		return nil
	})
	intoProblem(t, w.call(t, "POST", retryPath(ended), nil), http.StatusServiceUnavailable)
	if n := w.count(t, `SELECT count(*) FROM audit_log WHERE action = 'redriven'`); n != 0 {
		t.Errorf("%d lines without a run", n)
	}
}

func TestBadRedrivesNameEveryFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for body, want := range map[string][]string{
		`{}`:                               {"body.from"},
		`{"from": "2100-01-01T00:00:00Z"}`: {"body.from"},
		`{"from": "2026-11-01T00:00:00Z", "job_id": "00000000-0000-0000-0000-000000000000"}`: {"body.job_id"},
		`{"from": "2026-11-01T00:00:00Z", "namespace": ""}`:                                  {"body.namespace"},
		`{"from": "now", "limit": 501, "states": ["succeeded"], "job_id": "x", "dry_run": 1, "all": true}`: {
			"body.all", "body.dry_run", "body.from", "body.job_id", "body.limit", "body.states[0]"},
	} {
		got := intoProblem(t, w.call(t, "POST", "/api/v1/runs/retry", body), http.StatusUnprocessableEntity).locations()
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: faults at %v, want %v", body, got, want)
		}
	}
}
