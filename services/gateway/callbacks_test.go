package gateway

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/callback"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// waiting is a run that waits for its callback, as a runner leaves it.
type waiting struct {
	*world
	book   *callback.Book
	ticket callback.Ticket
}

func newWaiting(t *testing.T, w *world) *waiting {
	t.Helper()
	book, err := callback.Open(t.Context(), w.js)
	if err != nil {
		t.Fatal(err)
	}
	run := &waiting{w, book, callback.Ticket{Job: carillon.NewJobID(), Run: uuid.New(), Attempt: 1, Until: time.Now().Add(time.Hour)}}
	parked := wire.Run{ID: run.ticket.Run, Attempt: 1, Wait: &wire.Wait{StartedAt: time.Now()}}
	_, err = w.js.PublishMsg(t.Context(), &nats.Msg{
		Subject: topology.Retry(run.ticket.Job, "default", run.ticket.Run),
		Header: nats.Header{
			wire.RunHeader:                 {string(wire.Encode(parked))},
			jetstream.ScheduleHeader:       {"@at " + time.Now().Add(time.Hour).UTC().Format(time.RFC3339)},
			jetstream.ScheduleTargetHeader: {topology.Callback(run.ticket.Job, "default", run.ticket.Run)},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func (w *waiting) post(t *testing.T, token string, body any) response {
	t.Helper()
	return w.callAs(t, "", "POST", carillon.CallbackPath+token, body)
}

func (w *waiting) woken(t *testing.T) bool {
	t.Helper()
	_, err := bus.Last(t.Context(), w.nc, topology.RunsStream, topology.Callback(w.ticket.Job, "default", w.ticket.Run))
	return err == nil
}

func TestACallbackWakesItsRun(t *testing.T) {
	t.Parallel()
	w := newWaiting(t, newWorld(t))
	token := w.book.Token(w.ticket)
	for range 2 { // repeated, it gets the same answer
		got := into[struct {
			RunID uuid.UUID `json:"run_id"`
			State string
		}](t, w.post(t, token, object{"state": "succeeded", "message": "done"}), http.StatusOK)
		if got.RunID != w.ticket.Run || got.State != "succeeded" {
			t.Errorf("answer %+v", got)
		}
	}
	report, ok, err := w.book.Find(t.Context(), w.ticket.Run, 1)
	if err != nil || !ok || report.State != carillon.StateSucceeded || report.Message != "done" || !w.woken(t) {
		t.Errorf("report %+v, %t, %v", report, ok, err)
	}
	if p := intoProblem(t, w.post(t, token, object{"state": "failed"}), http.StatusConflict); !strings.Contains(p.Detail, "said otherwise") {
		t.Errorf("contradicted: %q", p.Detail)
	}
}

func TestOfContradictingCallbacksOneCounts(t *testing.T) {
	t.Parallel()
	w := newWaiting(t, newWorld(t))
	token, statuses, racing := w.book.Token(w.ticket), make([]int, 20), sync.WaitGroup{}
	for i := range statuses {
		racing.Go(func() {
			statuses[i] = w.post(t, token, object{"state": []string{"succeeded", "failed"}[i%2]}).status
		})
	}
	racing.Wait()
	report, _, err := w.book.Find(t.Context(), w.ticket.Run, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range statuses {
		if want := map[bool]int{true: 200, false: 409}[(i%2 == 0) == (report.State == carillon.StateSucceeded)]; got != want {
			t.Errorf("callback %d: %d, want %d, for %s stands", i, got, want, report.State)
		}
	}
}

func TestCallbacksThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWaiting(t, newWorld(t))
	token, fine := w.book.Token(w.ticket), object{"state": "succeeded"}
	late, forged := w.ticket, strings.Repeat("A", len(token))
	late.Until = time.Now().Add(-time.Minute)
	intoProblem(t, w.post(t, w.book.Token(late), fine), http.StatusGone)
	for _, unknown := range []string{forged, token[:len(token)-1], token + "A", "x", strings.ToLower(token)} {
		intoProblem(t, w.post(t, unknown, fine), http.StatusNotFound)
	}
	for _, hostile := range []string{strings.Repeat("a", 5000), "%00", "..%2f..", token + "%0a", token + "/x"} {
		if got := w.post(t, hostile, fine).status; got != 404 && got != 422 {
			t.Errorf("%.20s: status %d", hostile, got)
		}
	}
	for location, body := range map[string]any{
		"body.state":   object{"state": "done"},
		"body.message": object{"state": "failed", "message": strings.Repeat("x", 4001)},
		"body.other":   object{"state": "failed", "other": "x"},
		"body":         `[]`,
	} {
		if p := intoProblem(t, w.post(t, token, body), 422); !strings.Contains(strings.Join(p.locations(), " "), location) {
			t.Errorf("%s: %v", location, p.locations())
		}
	}
	intoProblem(t, w.post(t, token, `{"state"`), http.StatusBadRequest)
	intoProblem(t, w.post(t, token, `{"state":"failed","message":"`+strings.Repeat("x", 64<<10)+`"}`), http.StatusRequestEntityTooLarge)
	if _, ok, err := w.book.Find(t.Context(), w.ticket.Run, 1); ok || err != nil || w.woken(t) {
		t.Errorf("something was taken: %t, %v", ok, err)
	}
	timedOut := wire.Report{State: carillon.StateFailed, Class: wire.ClassTimeout}
	if _, err := w.book.Enter(t.Context(), w.ticket.Run, 1, timedOut); err != nil {
		t.Fatal(err)
	}
	if p := intoProblem(t, w.post(t, token, object{"state": "failed"}), http.StatusGone); p.Detail != "the time for this callback is over" {
		t.Errorf("late: %q", p.Detail)
	}
}

func TestACallbackWithoutNATSIsToBeRepeated(t *testing.T) {
	t.Parallel()
	w := newWaiting(t, newWorld(t))
	token := w.book.Token(w.ticket)
	w.nats.Stop()
	if p := intoProblem(t, w.post(t, token, object{"state": "succeeded"}), http.StatusServiceUnavailable); p.Detail != "NATS is not available" {
		t.Errorf("without NATS: %q", p.Detail)
	}
}

func TestJobsWithACallbackNeedAnAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	document := func(name string, callback any) object {
		return object{"name": name, "schedule": object{"every": "1h"},
			"target": object{"url": "https://api.example.com", "callback": callback}}
	}
	created := into[carillon.Job](t, w.call(t, "POST", "/api/v1/jobs", document("taken", object{})), http.StatusCreated)
	if c := created.Target.Callback; c == nil || time.Duration(c.TTL) != time.Hour {
		t.Errorf("callback %+v", c)
	}
	for _, ttl := range []string{"25h", "-1s", "soon"} {
		p := intoProblem(t, w.call(t, "POST", "/api/v1/jobs", document("bad", object{"ttl": ttl})), 422)
		if len(p.Errors) != 1 || p.Errors[0].Location != "body.target.callback.ttl" {
			t.Errorf("%s: %+v", ttl, p.Errors)
		}
	}
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	w.config.PublicURL = ""
	w.start(t)
	w.awaitReady(t)
	p := intoProblem(t, w.call(t, "POST", "/api/v1/jobs", document("refused", object{"ttl": "1m"})), 422)
	if len(p.Errors) != 1 || p.Errors[0].Location != "body.target.callback" || !strings.Contains(p.Errors[0].Message, "CARILLON_PUBLIC_URL") {
		t.Errorf("%+v", p.Errors)
	}
	into[json.RawMessage](t, w.call(t, "POST", "/api/v1/jobs/"+created.ID.String()+"/pause", nil), http.StatusOK)
}
