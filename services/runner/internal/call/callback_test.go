package call

import (
	"net/http"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/guard"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

// TestOnlyTheTargetItselfMayCallBack sends the target's callers on to another host.
func TestOnlyTheTargetItselfMayCallBack(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 2)
	other := serve(t, func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header.Get("Carillon-Callback-Url") })
	target := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header.Get("Carillon-Callback-Url")
		http.Redirect(w, r, other.URL, http.StatusFound)
	})
	var loopback guard.Allowed
	if err := loopback.UnmarshalText([]byte("127.0.0.0/8")); err != nil {
		t.Fatal(err)
	}
	c := New(Config{
		Slots: 4, HostConnections: 4, Guard: guard.New([]guard.Allowed{loopback}),
		CallbackURL: func(run wire.Run, _ *wire.Call) string { return "https://carillon.example.com/" + run.ID.String() },
	})
	t.Cleanup(c.Close)
	run := wire.Run{ID: carillon.NewJobID(), Attempt: 1}
	call := &wire.Call{Target: carillon.Target{
		Method: "GET", URL: target.URL, Timeout: carillon.Duration(10 * time.Second), Callback: &carillon.Callback{},
	}}
	c.Call(t.Context(), run, call, traceparent)
	if first := <-seen; first != "https://carillon.example.com/"+run.ID.String() {
		t.Errorf("the target is to call %q", first)
	}
	if second := <-seen; second != "" {
		t.Errorf("another host is to call %q", second)
	}
}
