package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/google/uuid"
)

// backfiller is a server with one job, and a backfill that ends at the second look.
type backfiller struct {
	url      string
	job, id  uuid.UUID
	end      client.Backfill
	mu       sync.Mutex
	orders   []client.BackfillOrder
	looks    int
	plan     client.BackfillPlan
	outages  int // looks that get 503
	jobPages int
}

func newBackfiller(t *testing.T, count int) *backfiller {
	t.Helper()
	b := &backfiller{job: uuid.New(), id: uuid.New()}
	from := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	b.plan = client.BackfillPlan{JobID: b.job, Job: "nightly", From: from, To: from.AddDate(0, 0, 1), Mode: "gaps", Rate: 2, Count: count,
		Takes: carillon.Duration(time.Minute), Warnings: []string{"the job is paused"}}
	for i := range min(count, 10) {
		b.plan.Sample = append(b.plan.Sample, from.Add(time.Duration(i)*time.Hour))
	}
	b.end = client.Backfill{ID: b.id, State: "ended", Count: count, Runs: map[carillon.State]int{"succeeded": count}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/jobs", b.jobs)
	mux.HandleFunc("POST /api/v1/jobs/"+b.job.String()+"/backfill", b.order)
	mux.HandleFunc("GET /api/v1/backfills/"+b.id.String(), b.look)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

// jobs has the job on its second page, behind one whose name begins like its.
func (b *backfiller) jobs(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.jobPages++
	item := map[string]any{"id": uuid.New(), "name": "nightly-report"}
	answer := map[string]any{"items": []any{item}, "next_cursor": "more"}
	if r.URL.Query().Get("cursor") == "more" {
		item["id"], item["name"] = b.job, "nightly"
		delete(answer, "next_cursor")
	}
	if r.URL.Query().Get("namespace") != "billing" {
		answer = map[string]any{"items": []any{}}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (b *backfiller) order(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var order client.BackfillOrder
	_ = json.NewDecoder(r.Body).Decode(&order)
	b.orders = append(b.orders, order)
	plan := b.plan
	if !order.DryRun && plan.Count > 0 {
		plan.ID = &b.id
		w.WriteHeader(http.StatusAccepted)
	}
	_ = json.NewEncoder(w).Encode(plan)
}

func (b *backfiller) look(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.end
	if b.looks++; b.looks == 1 {
		now.State, now.Runs, now.WaitsFor = "running", map[carillon.State]int{}, []string{"the job is paused", "the queue low is paused"}
	} else if b.looks <= 1+b.outages {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(now)
}

// backfillOf runs `carillon backfill` with what somebody types.
func (b *backfiller) backfillOf(t *testing.T, typed string, args ...string) (out, asked string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := rootCommand()
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	cmd.SetIn(strings.NewReader(typed))
	cmd.SetArgs(append([]string{"backfill", "--server", b.url, "--key", "k", "--from", "2026-11-20T00:00:00Z"}, args...))
	err = cmd.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), err
}

func TestABackfillIsShownThenAskedForThenStarted(t *testing.T) {
	t.Parallel()
	b := newBackfiller(t, 24)
	out, asked, err := b.backfillOf(t, "Yes\n", "billing/nightly", "--mode", "failed", "--schedule", "current", "--rate", "2")
	if err != nil {
		t.Fatal(err)
	}
	holds(t, out, "nightly, Fri 2026-11-20 00:00:00 UTC to Sat 2026-11-21", "24 fires to run (mode gaps), at 2 a second: at least 1m\n",
		"  2026-11-20T04:00:00Z\n  … and 14 more\n  2026-11-20T05:00:00Z\n", "! the job is paused\n", "Started backfill "+b.id.String()+" of 24 fires.\n")
	if asked != "\nRun 24 fires now? [y/N] " {
		t.Errorf("asked %q", asked)
	}
	trial, order := b.orders[0], b.orders[1]
	if !trial.DryRun || order.DryRun || trial.To != nil || order.To == nil || !order.To.Equal(b.plan.To) || order.Mode != "failed" || order.Schedule != "current" || order.Rate != 2 {
		t.Errorf("ordered %+v, then %+v", trial, order)
	}
}

func TestABackfillThatIsNotStarted(t *testing.T) {
	t.Parallel()
	b := newBackfiller(t, 1)
	for _, typed := range []string{"", "\n", "n\n", "yesterday\n"} {
		if _, _, err := b.backfillOf(t, typed, b.job.String()); !errors.Is(err, errDeclined) {
			t.Errorf("after %q: %v", typed, err)
		}
	}
	if out, asked, err := b.backfillOf(t, "", b.job.String(), "--dry-run"); err != nil || asked != "" || !strings.Contains(out, "1 fire to run") {
		t.Errorf("dry run: %v\n%s%s", err, out, asked)
	}
	for _, order := range b.orders {
		if !order.DryRun {
			t.Errorf("ordered %+v", order)
		}
	}
	if b.jobPages > 0 {
		t.Error("an id was looked up")
	}
	if out, asked, err := newBackfiller(t, 0).backfillOf(t, "", "billing/nightly"); err != nil || asked != "" || !strings.Contains(out, "There is nothing to run.\n") {
		t.Errorf("nothing: %v\n%s%s", err, out, asked)
	}
	if _, _, err := b.backfillOf(t, "", "nightly"); err == nil || err.Error() != "there is no job default/nightly" {
		t.Error(err)
	}
}

func TestABackfillIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := newBackfiller(t, 3)
	b.outages = 1
	out, told, err := b.backfillOf(t, "", "billing/nightly", "--yes", "--wait")
	if err != nil || b.looks != 3 || !strings.Contains(told, "Started backfill") || strings.Count(told, "Waiting: the job is paused, the queue low is paused.\n") != 1 {
		t.Errorf("after %d looks: %v, told %q", b.looks, err, told)
	}
	holds(t, out, "3 fires to run", "Backfill "+b.id.String()+" has ended.\n", "fires", "3", "succeeded", "3")
}

func TestABackfillThatLeftSomething(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]string{"ended": "The job was deleted", "cancelled": "was cancelled", "stalled": "NATS has lost it"} {
		b := newBackfiller(t, 3)
		b.end.State, b.end.Runs, b.end.Waiting = state, map[carillon.State]int{"succeeded": 1, "failed": 1}, 1
		out, _, err := b.backfillOf(t, "", "billing/nightly", "--yes", "--wait")
		if !errors.Is(err, errUnfilled) {
			t.Errorf("%s: %v", state, err)
		}
		holds(t, out, want, "succeeded", "1", "failed", "1", "without a run", "1")
	}
}

func TestABackfillForAProgram(t *testing.T) {
	t.Parallel()
	b := newBackfiller(t, 3)
	var plan client.BackfillPlan
	out, asked, err := b.backfillOf(t, "y\n", b.job.String(), "-o", "json")
	if err != nil || json.Unmarshal([]byte(out), &plan) != nil || plan.ID == nil || *plan.ID != b.id || !strings.Contains(asked, "3 fires to run") {
		t.Errorf("%v, %s, asked %q", err, out, asked)
	}
	var end client.Backfill
	out, _, err = newBackfiller(t, 0).backfillOf(t, "", "billing/nightly", "-o", "json", "--yes", "--wait")
	if err != nil || json.Unmarshal([]byte(out), &end) != nil || end.State != "ended" || strings.Contains(out, `"warnings"`) {
		t.Errorf("of nothing: %v, %s", err, out)
	}
	out, _, err = b.backfillOf(t, "", b.job.String(), "-o", "json", "--yes", "--wait")
	if err != nil || json.Unmarshal([]byte(out), &end) != nil || end.State != "ended" {
		t.Errorf("%v, %s", err, out)
	}
}

func TestBadBackfillFlagsAreAllNamed(t *testing.T) {
	t.Parallel()
	b := newBackfiller(t, 1)
	_, _, err := b.backfillOf(t, "", "j", "--from", "", "--to", "later", "--rate", "0", "--mode", "some", "--schedule", "old", "-o", "xml")
	for _, want := range []string{"--from: is required", "--to: ", "--rate: ", "--mode: must be unexplained or gaps or failed or all", "--schedule: must be ", "--output: "} {
		if err == nil || !strings.Contains(err.Error(), "\n  "+want) {
			t.Errorf("%q is not named in %v", want, err)
		}
	}
}
