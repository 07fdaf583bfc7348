package system

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/google/uuid"
)

// runNow makes a job that never fires by itself, and returns its run by hand once
// that has ended.
func (s *system) runNow(t *testing.T, document carillon.Document) (ended run) {
	t.Helper()
	started := s.begin(t, document)
	until(t, time.Minute, func() error {
		ended = run{}
		if err := s.Do(t.Context(), "GET", "/runs/"+started.ID.String(), nil, &ended); err != nil {
			return err
		}
		if !ended.State.Final() {
			return fmt.Errorf("run %s is %s: %s", ended.ID, ended.State, ended.Reason)
		}
		return nil
	})
	return ended
}

func (s *system) begin(t *testing.T, document carillon.Document) (started run) {
	t.Helper()
	never := time.Now().Add(1000 * time.Hour)
	document.Schedule = schedule.Spec{At: &never}
	job := s.create(t, document)
	if err := s.Do(t.Context(), "POST", "/jobs/"+job.ID.String()+"/run", nil, &started); err != nil {
		t.Fatal(err)
	}
	return started
}

// worker is a target that takes runs on with 202, and calls back as the path says.
type worker struct {
	*httptest.Server
	*testing.T
	working sync.WaitGroup

	mu    sync.Mutex
	calls map[string]int // by Idempotency-Key
}

func newWorker(t *testing.T) *worker {
	t.Helper()
	w := &worker{T: t, calls: map[string]int{}}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	t.Cleanup(w.working.Wait)
	return w
}

func (w *worker) ServeHTTP(answer http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.calls[r.Header.Get("Idempotency-Key")]++
	attempt := w.calls[r.Header.Get("Idempotency-Key")]
	w.mu.Unlock()
	url := r.Header.Get("Carillon-Callback-Url")
	switch r.URL.Path {
	case "/succeed":
		w.callBack(url, "succeeded", 300*time.Millisecond)
	case "/succeed-at-once":
		w.callBack(url, "succeeded", 0)
	case "/fail-once":
		w.callBack(url, []string{"failed", "succeeded"}[min(attempt-1, 1)], 100*time.Millisecond)
	}
	answer.WriteHeader(http.StatusAccepted)
}

// callBack calls back twice, as one does who did not hear the answer.
func (w *worker) callBack(url, state string, after time.Duration) {
	w.working.Go(func() {
		<-time.After(after)
		for range 2 {
			response, err := http.Post(url, "application/json", bytes.NewReader([]byte(`{"state":"`+state+`","message":"from the target"}`)))
			if err != nil {
				w.Error(err)
				return
			}
			text, _ := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if response.StatusCode != http.StatusOK {
				w.Errorf("callback: %s: %s", response.Status, text)
			}
		}
	})
}

func TestTargetsCallBack(t *testing.T) {
	everywhere(t, func(t *testing.T, s *system) {
		w := newWorker(t)
		for path, want := range map[string]run{
			"/succeed":         {State: carillon.StateSucceeded, Attempts: 1},
			"/succeed-at-once": {State: carillon.StateSucceeded, Attempts: 1},
			"/fail-once":       {State: carillon.StateSucceeded, Attempts: 2},
			"/silent":          {State: carillon.StateFailed, Attempts: 2, Reason: "attempt 2 of 2: no callback within 1s"},
		} {
			t.Run(strings.Trim(path, "/"), func(t *testing.T) {
				t.Parallel()
				got := s.runNow(t, asynchronous(w.URL+path, time.Second))
				if got.State != want.State || got.Attempts != want.Attempts || got.Reason != want.Reason {
					t.Errorf("got %+v, want %+v", got, want)
				}
				s.knowsTheAttempts(t, got)
			})
		}
		t.Run("cancelled", func(t *testing.T) {
			t.Parallel()
			s.cancelsAWait(t, w.URL+"/silent")
		})
	})
}

func asynchronous(url string, ttl time.Duration) carillon.Document {
	return carillon.Document{
		Name: "asynchronous-" + uuid.NewString(), Retry: carillon.Retry{MaxAttempts: 2, MinBackoff: carillon.Duration(300 * time.Millisecond)},
		Target: carillon.Target{URL: url, Callback: &carillon.Callback{TTL: carillon.Duration(ttl)}},
	}
}

// knowsTheAttempts looks at what the ledger says of attempts that ended by a
// callback, or for want of one.
func (s *system) knowsTheAttempts(t *testing.T, ended run) {
	t.Helper()
	var known struct {
		History []struct {
			Status     int       `json:"status"`
			StartedAt  time.Time `json:"started_at"`
			FinishedAt time.Time `json:"finished_at"`
		} `json:"history"`
	}
	if err := s.Do(t.Context(), "GET", "/runs/"+ended.ID.String(), nil, &known); err != nil {
		t.Fatal(err)
	}
	if len(known.History) != ended.Attempts {
		t.Errorf("%d attempts of %d: %+v", len(known.History), ended.Attempts, known.History)
	}
	for _, a := range known.History {
		if a.Status != http.StatusAccepted || a.StartedAt.IsZero() || a.FinishedAt.Before(a.StartedAt) {
			t.Errorf("attempt %+v", a)
		}
	}
}

// cancelsAWait cancels a run that the ledger says to wait for its callback.
func (s *system) cancelsAWait(t *testing.T, url string) {
	t.Helper()
	path := "/runs/" + s.begin(t, asynchronous(url, time.Hour)).ID.String()
	look := func(state carillon.State, reason string) func() error {
		return func() error {
			var got run
			err := s.Do(t.Context(), "GET", path, nil, &got)
			if err == nil && (got.State != state || !strings.HasPrefix(got.Reason, reason)) {
				err = fmt.Errorf("run %+v, want %s: %s", got, state, reason)
			}
			return err
		}
	}
	until(t, time.Minute, look(carillon.StateRunning, "waits for its callback until "))
	if err := s.Do(t.Context(), "POST", path+"/cancel", nil, nil); err != nil {
		t.Fatal(err)
	}
	until(t, 10*time.Second, look(carillon.StateCancelled, "cancelled by "))
}
