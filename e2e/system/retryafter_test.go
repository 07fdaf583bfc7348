package system

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
)

// resting answers its first call with 503 and the wish to be left alone for a while.
type resting struct {
	*journal
	rest time.Duration
	once sync.Once
}

func (r *resting) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	c, status := r.begin(request), http.StatusNoContent
	r.once.Do(func() {
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", strconv.Itoa(int(r.rest.Seconds())))
	})
	w.WriteHeader(status)
	r.mu.Lock()
	c.ended = time.Now()
	r.mu.Unlock()
}

// TestAHostThatAsksForTimeGetsItFromAllRunners has jobs due at a host that asked one
// of three runners for time. Nobody calls it till then, one runner that comes later
// included, and it costs no attempt.
func TestAHostThatAsksForTimeGetsItFromAllRunners(t *testing.T) {
	t.Parallel()
	r, jobs := &resting{journal: &journal{}, rest: 8 * time.Second}, 40
	if *full {
		r.rest, jobs = 30*time.Second, 500
	}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	a := newArena(t)
	runners := a.threeRunners()
	told := a.begin(t, carillon.Document{Name: "told", Target: carillon.Target{URL: server.URL}})
	until(t, 20*time.Second, func() error {
		if len(a.runs(t, "state=retrying")) == 0 {
			return fmt.Errorf("run %s was not told", told.ID)
		}
		return nil
	})
	a.createHerd(t, jobs, time.Now().Add(3*time.Second+time.Duration(jobs)*10*time.Millisecond), server.URL)
	a.killed(runners[0])
	a.startAsked("runner")
	until(t, r.rest+2*time.Minute, func() error {
		if n := len(a.runs(t, "state=succeeded")); n < jobs+1 {
			return fmt.Errorf("%d of %d runs succeeded", n, jobs+1)
		}
		return nil
	})
	calls := r.all("")
	if waited := calls[1].began.Sub(calls[0].began); waited < r.rest || len(calls) != jobs+2 {
		t.Errorf("%d calls, the second after %s; want %d, not before %s", len(calls), waited, jobs+2, r.rest)
	}
	for _, run := range a.runs(t, "state=succeeded") {
		if want := map[bool]int{true: 2, false: 1}[run.ID == told.ID]; run.Attempts != want {
			t.Errorf("run %s took %d attempts, want %d", run.ID, run.Attempts, want)
		}
	}
	t.Logf("%d runs called from %s on, %s after the host had asked for %s", jobs+1, calls[1].began.Format(time.TimeOnly), calls[1].began.Sub(calls[0].began), r.rest)
}

// killed kills a process.
func (a *arena) killed(victim *sufferer) {
	a.t.Helper()
	_ = victim.cmd.Process.Kill()
	_, _ = victim.cmd.Process.Wait()
}
