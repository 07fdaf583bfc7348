package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go/jetstream"
)

type object = map[string]any

func document(name string) object {
	return object{"name": name, "schedule": object{"every": "1h"}, "target": object{"url": "https://example.com/x"}}
}

func (w *world) create(t *testing.T, document object) carillon.Job {
	t.Helper()
	return into[carillon.Job](t, w.call(t, "POST", "/api/v1/jobs", document), http.StatusCreated)
}

// published waits until JOBS holds a revision of a job.
func (w *world) published(t *testing.T, id uuid.UUID, revision int64) (definition wire.Definition, header map[string][]string) {
	t.Helper()
	eventually.Succeeds(t, func() error {
		stream, err := w.js.Stream(t.Context(), topology.JobsStream)
		if err != nil {
			return err
		}
		msg, err := stream.GetLastMsgForSubject(t.Context(), topology.Job(id))
		if err != nil {
			return err
		}
		header = msg.Header
		definition = wire.Definition{}
		if err := json.Unmarshal(msg.Data, &definition); err != nil {
			return err
		}
		if definition.Revision != revision {
			return fmt.Errorf("revision %d is published, not %d", definition.Revision, revision)
		}
		return nil
	})
	return definition, header
}

func TestAnInstantThatPassesBeforeItCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := func(instant time.Time) object { return object{"schedule": object{"at": instant}} }
	once := func(instant time.Time) object {
		return object{"schedule": at(instant)["schedule"], "name": "once", "target": object{"url": "https://example.com/x"}}
	}
	now := time.Now()
	past, future := now.Add(-time.Hour), now.Add(time.Hour)
	refused := func(r response) {
		t.Helper()
		if p := intoProblem(t, r, 422); !slices.Equal(p.locations(), []string{"body.schedule.at"}) {
			t.Errorf("%+v", p)
		}
	}
	refused(w.call(t, "POST", "/api/v1/jobs", once(past)))
	refused(w.call(t, "POST", "/api/v1/jobs", once(now)))
	path := "/api/v1/jobs/" + w.create(t, once(future)).ID.String()
	refused(w.call(t, "PUT", path, once(past)))
	refused(w.call(t, "PATCH", path, at(past)))
	if n := w.count(t, `SELECT count(*) FROM job_revisions`); n != 1 {
		t.Errorf("%d revisions, want 1", n)
	}
	// The instant passes, as far as the gateway can tell.
	if _, err := w.pool.Exec(t.Context(), `UPDATE jobs SET document = jsonb_set(document::jsonb, '{schedule,at}', to_jsonb($1::text))`, past.Format(time.RFC3339Nano)); err != nil {
		t.Fatal(err)
	}
	into[object](t, w.call(t, "PATCH", path, object{"labels": object{"a": "b"}}), 200)
	into[object](t, w.call(t, "PATCH", path, at(past)), 200)
	into[object](t, w.call(t, "PUT", path, once(past)), 200)
	into[object](t, w.call(t, "POST", path+"/pause", nil), 200)
	refused(w.call(t, "PATCH", path, at(past.Add(time.Second))))
}

func TestJobLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)

	before := time.Now()
	job := w.create(t, object{
		"name": "nightly", "labels": object{"team": "billing"},
		"schedule": object{"every": "1h"}, "target": object{"url": "https://example.com/x"},
	})
	path := "/api/v1/jobs/" + job.ID.String()
	if job.Revision != 1 || job.Queue != "default" || job.Retry.MaxAttempts != 3 {
		t.Fatalf("defaults are not shown: %+v", job)
	}
	if lead := job.EffectiveFrom.Sub(before); lead < time.Second || lead > 5*time.Second {
		t.Errorf("takes effect %v after the request, want about 1s", lead)
	}
	if got := into[carillon.Job](t, w.call(t, "GET", path, nil), 200); !cmp.Equal(got, job) {
		t.Error(cmp.Diff(job, got))
	}
	definition, _ := w.published(t, job.ID, 1)
	if !cmp.Equal(definition.Job, job) || definition.Deleted {
		t.Error(cmp.Diff(job, definition.Job))
	}

	changed := document("nightly")
	changed["retry"] = object{"max_attempts": 5}
	put := into[carillon.Job](t, w.call(t, "PUT", path, changed), 200)
	if put.Revision != 2 || put.Retry.MaxAttempts != 5 || len(put.Labels) != 0 || !put.EffectiveFrom.After(job.EffectiveFrom) {
		t.Errorf("PUT made %+v", put)
	}
	if again := into[carillon.Job](t, w.call(t, "PUT", path, changed), 200); again.Revision != 2 {
		t.Errorf("the same document again made revision %d", again.Revision)
	}

	patched := into[carillon.Job](t, w.call(t, "PATCH", path, object{"target": object{"timeout": "5s"}, "retry": nil, "labels": object{"env": "prod"}}), 200)
	if patched.Revision != 3 || patched.Target.Timeout != carillon.Duration(5*time.Second) || patched.Target.URL != put.Target.URL ||
		patched.Retry.MaxAttempts != 3 || patched.Labels["env"] != "prod" {
		t.Errorf("PATCH made %+v", patched)
	}

	for i, step := range []struct {
		verb     string
		paused   bool
		revision int64
	}{{"pause", true, 4}, {"pause", true, 4}, {"resume", false, 5}, {"resume", false, 5}} {
		got := into[carillon.Job](t, w.call(t, "POST", path+"/"+step.verb, nil), 200)
		if got.Paused != step.paused || got.Revision != step.revision {
			t.Errorf("step %d, %s: %+v", i, step.verb, got)
		}
	}

	into[struct{}](t, w.call(t, "DELETE", path, nil), http.StatusNoContent)
	intoProblem(t, w.call(t, "GET", path, nil), 404)
	intoProblem(t, w.call(t, "DELETE", path, nil), 404)
	tombstone, header := w.published(t, job.ID, 6)
	if !tombstone.Deleted || len(header["Nats-TTL"]) > 0 {
		t.Errorf("tombstone %+v with headers %v", tombstone, header)
	}

	checkHistory(t, w, job)
}

// checkHistory holds a job's revisions and audit log to what TestJobLife did.
func checkHistory(t *testing.T, w *world, job carillon.Job) {
	t.Helper()
	revisions := into[struct {
		Items []struct {
			Revision int64
			Action   string
			Actor    string
			Document carillon.Document
		}
	}](t, w.call(t, "GET", "/api/v1/jobs/"+job.ID.String()+"/revisions", nil), 200)
	var actions []string
	for _, r := range revisions.Items {
		actions = append(actions, r.Action)
		if r.Actor != "admin" || r.Document.Name != "nightly" {
			t.Errorf("revision %+v", r)
		}
	}
	want := []string{"deleted", "resumed", "paused", "updated", "updated", "created"}
	if diff := cmp.Diff(want, actions); diff != "" {
		t.Error(diff)
	}
	if n := w.count(t, `SELECT count(*) FROM audit_log WHERE object = $1`, "job/"+job.ID.String()); n != len(want) {
		t.Errorf("%d lines in the audit log, want %d", n, len(want))
	}
}

func TestJobNameIsUniqueInItsNamespace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(t, document("a"))
	b := w.create(t, document("b"))
	p := intoProblem(t, w.call(t, "POST", "/api/v1/jobs", document("a")), http.StatusConflict)
	if diff := cmp.Diff([]string{"body.name"}, p.locations()); diff != "" {
		t.Error(diff)
	}
	intoProblem(t, w.call(t, "PATCH", "/api/v1/jobs/"+b.ID.String(), object{"name": "a"}), http.StatusConflict)
	other := document("a")
	other["namespace"] = "tenant-2"
	w.create(t, other)
	p = intoProblem(t, w.call(t, "PATCH", "/api/v1/jobs/"+b.ID.String(), object{"namespace": "tenant-2"}), 422)
	if diff := cmp.Diff([]string{"body.namespace"}, p.locations()); diff != "" {
		t.Error(diff)
	}
}

func TestJobListFiltersAndPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 7 {
		d := document(fmt.Sprintf("job-%d", i))
		d["labels"] = object{"parity": []string{"even", "odd"}[i%2], "team": "x"}
		d["paused"] = i == 3
		w.create(t, d)
	}
	other := document("else_where")
	other["namespace"] = "other"
	w.create(t, other)

	for query, want := range map[string][]string{
		"":                               {"job-0", "job-1", "job-2", "job-3", "job-4", "job-5", "job-6", "else_where"},
		"?namespace=other":               {"else_where"},
		"?label=parity%3Deven,team%3Dx":  {"job-0", "job-2", "job-4", "job-6"},
		"?paused=true":                   {"job-3"},
		"?paused=false&label=parity=odd": {"job-1", "job-5"},
		"?q=JOB-5":                       {"job-5"},
		"?q=_":                           {"else_where"},
		"?q=%25":                         nil,
		"?q=nothing":                     nil,
	} {
		if diff := cmp.Diff(want, w.names(t, "/api/v1/jobs"+query, 500)); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	whole := w.names(t, "/api/v1/jobs", 500)
	for _, limit := range []int{1, 3, 7, 8} {
		if diff := cmp.Diff(whole, w.names(t, "/api/v1/jobs", limit)); diff != "" {
			t.Errorf("in pages of %d: %s", limit, diff)
		}
	}
}

// names walks a list page by page.
func (w *world) names(t *testing.T, path string, limit int) (names []string) {
	t.Helper()
	separator := "?"
	if len(path) > len("/api/v1/jobs") {
		separator = "&"
	}
	path += fmt.Sprintf("%slimit=%d", separator, limit)
	for cursor := ""; ; {
		page := into[struct {
			Items      []carillon.Job `json:"items"`
			NextCursor string         `json:"next_cursor"`
		}](t, w.call(t, "GET", path+"&cursor="+cursor, nil), 200)
		for _, job := range page.Items {
			names = append(names, job.Name)
		}
		if cursor = page.NextCursor; cursor == "" {
			return names
		}
	}
}

func TestConcurrentChangesOfOneJobKeepTheirOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := w.create(t, document("busy"))
	const writers, each = 8, 10
	done := make(chan response, writers*each)
	for i := range writers {
		go func() {
			for j := range each {
				done <- w.call(t, "PATCH", "/api/v1/jobs/"+job.ID.String(), object{"labels": object{fmt.Sprintf("w%d", i): fmt.Sprint(j)}})
			}
		}()
	}
	for range writers * each {
		if r := <-done; r.status != 200 {
			t.Errorf("%d: %s", r.status, r.body)
		}
	}
	last, _ := w.published(t, job.ID, 1+writers*each)
	for i := range writers {
		if got := last.Labels[fmt.Sprintf("w%d", i)]; got != fmt.Sprint(each-1) {
			t.Errorf("label w%d is %q: a patch was undone", i, got)
		}
	}
	if n := w.count(t, `SELECT count(*) FROM (SELECT effective_from <= lag(effective_from) OVER (ORDER BY revision) AS bad FROM job_revisions) AS r WHERE bad`); n != 0 {
		t.Errorf("%d revisions do not take effect after the one before", n)
	}
}

func TestRunNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := w.create(t, document("by-hand"))
	path := "/api/v1/jobs/" + job.ID.String()
	into[carillon.Job](t, w.call(t, "POST", path+"/pause", nil), 200)
	type run struct {
		ID       uuid.UUID `json:"id"`
		JobID    uuid.UUID `json:"job_id"`
		FireTime time.Time `json:"fire_time"`
		Kind     string
		State    string
	}
	started := into[run](t, w.call(t, "POST", path+"/run", nil), http.StatusAccepted)
	if started.JobID != job.ID || started.Kind != "manual" || started.State != "queued" ||
		started.ID != carillon.NewRunID(job.ID, carillon.KindManual, started.FireTime) {
		t.Errorf("run %+v", started)
	}

	runs, err := w.js.Stream(t.Context(), topology.RunsStream)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := runs.GetLastMsgForSubject(t.Context(), topology.Ready(job.ID, "default"))
	if err != nil {
		t.Fatal(err)
	}
	ready, headerErr := wire.Decode[wire.Run]([]byte(msg.Header.Get(wire.RunHeader)))
	call, bodyErr := wire.Decode[wire.Call](msg.Data)
	err = errors.Join(headerErr, bodyErr)
	if err != nil || ready.ID != started.ID || ready.Attempt != 1 || call.Target.URL != job.Target.URL || call.Revision != 2 {
		t.Errorf("ready message %+v %+v, %v", ready, call, err)
	}
	outcomes, err := w.js.Stream(t.Context(), topology.OutcomesStream)
	if err != nil {
		t.Fatal(err)
	}
	msg, err = outcomes.GetLastMsgForSubject(t.Context(), topology.Outcome("default", job.ID, topology.EventQueued))
	if err != nil {
		t.Fatal(err)
	}
	var queued wire.Outcome
	if err := json.Unmarshal(msg.Data, &queued); err != nil || queued.RunID != started.ID || queued.State != carillon.StateQueued {
		t.Errorf("queued outcome %+v, %v", queued, err)
	}

	intoProblem(t, w.call(t, "POST", path+"/run", nil), http.StatusConflict)
	into[carillon.Job](t, w.call(t, "PATCH", path, object{"overlap": "allow"}), 200)
	into[run](t, w.call(t, "POST", path+"/run", nil), http.StatusAccepted)
	intoProblem(t, w.call(t, "POST", "/api/v1/jobs/"+uuid.NewString()+"/run", nil), 404)
}

func TestQueues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := func() (names []string) {
		for _, q := range into[struct{ Items []carillon.Queue }](t, w.call(t, "GET", "/api/v1/queues", nil), 200).Items {
			names = append(names, q.Name)
		}
		return names
	}
	if diff := cmp.Diff([]string{"critical", "default", "low"}, names()); diff != "" {
		t.Error(diff)
	}
	for _, queue := range carillon.BuiltinQueues() {
		w.publishedQueue(t, queue.Name, &queue)
	}

	want := carillon.Queue{Name: "reports", Concurrency: 7, Weight: 1}
	if got := into[carillon.Queue](t, w.call(t, "PUT", "/api/v1/queues/reports", object{"concurrency": 7}), 200); !got.Equal(want) {
		t.Errorf("got %+v", got)
	}
	w.publishedQueue(t, "reports", &want)
	want.Paused = true
	if got := into[carillon.Queue](t, w.call(t, "POST", "/api/v1/queues/reports/pause", nil), 200); !got.Equal(want) {
		t.Errorf("got %+v", got)
	}
	w.publishedQueue(t, "reports", &want)
	want.Weight, want.Concurrency = 4, 8
	into[carillon.Queue](t, w.call(t, "PUT", "/api/v1/queues/reports", object{"concurrency": 7, "weight": 4}), 200)
	if got := into[carillon.Queue](t, w.call(t, "PUT", "/api/v1/queues/reports", object{"concurrency": 8, "paused": false}), 200); !got.Equal(want) {
		t.Errorf("got %+v, want it paused and of its weight still", got)
	}
	w.publishedQueue(t, "reports", &want)
	want.Paused = false
	into[carillon.Queue](t, w.call(t, "POST", "/api/v1/queues/reports/resume", nil), 200)
	w.publishedQueue(t, "reports", &want)

	d := document("in-reports")
	d["queue"] = "reports"
	job := w.create(t, d)
	if p := intoProblem(t, w.call(t, "DELETE", "/api/v1/queues/reports", nil), http.StatusConflict); p.Detail != "jobs use the queue" {
		t.Error(p.Detail)
	}
	into[object](t, w.call(t, "POST", "/api/v1/jobs/"+job.ID.String()+"/run", nil), http.StatusAccepted)
	into[struct{}](t, w.call(t, "DELETE", "/api/v1/jobs/"+job.ID.String(), nil), 204)
	p := intoProblem(t, w.call(t, "DELETE", "/api/v1/queues/reports", nil), http.StatusConflict)
	if p.Detail != "runs are in the queue: 1" {
		t.Error(p.Detail)
	}
	if runs, err := w.js.Stream(t.Context(), topology.RunsStream); err != nil || runs.Purge(t.Context()) != nil {
		t.Fatal(err)
	}
	into[struct{}](t, w.call(t, "DELETE", "/api/v1/queues/reports", nil), 204)
	w.publishedQueue(t, "reports", nil)
	intoProblem(t, w.call(t, "DELETE", "/api/v1/queues/reports", nil), 404)
	intoProblem(t, w.call(t, "POST", "/api/v1/queues/reports/pause", nil), 404)
	inDefault := w.create(t, document("in-default"))
	into[object](t, w.call(t, "POST", "/api/v1/jobs/"+inDefault.ID.String()+"/run", nil), http.StatusAccepted)
	for _, builtin := range []string{"default", "low"} {
		p = intoProblem(t, w.call(t, "DELETE", "/api/v1/queues/"+builtin, nil), http.StatusConflict)
		if !strings.Contains(p.Detail, "cannot be deleted") {
			t.Error(p.Detail)
		}
	}

	rows, _ := w.pool.Query(t.Context(), `SELECT action FROM audit_log WHERE object = 'queue/reports' ORDER BY id`)
	actions, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if diff := cmp.Diff([]string{"created", "paused", "updated", "updated", "resumed", "deleted"}, actions); err != nil || diff != "" {
		t.Errorf("audit log: %v %s", err, diff)
	}
}

// publishedQueue waits until JOBS holds a queue; nil is the news of its end.
func (w *world) publishedQueue(t *testing.T, name string, want *carillon.Queue) {
	t.Helper()
	eventually.Succeeds(t, func() error {
		stream, err := w.js.Stream(t.Context(), topology.JobsStream)
		if err != nil {
			return err
		}
		msg, err := stream.GetLastMsgForSubject(t.Context(), topology.Queue(name))
		if err != nil {
			return err
		}
		if want == nil {
			if len(msg.Data) > 0 || msg.Header.Get(jetstream.MsgTTLHeader) == "" {
				return errors.New("not deleted: " + string(msg.Data))
			}
			return nil
		}
		var got carillon.Queue
		if err := json.Unmarshal(msg.Data, &got); err != nil || !got.Equal(*want) {
			return fmt.Errorf("%+v is published, %w", got, err)
		}
		return nil
	})
}
