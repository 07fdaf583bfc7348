package call

import (
	"net/http"
	"testing"
	"time"

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
	c := clientWith(t, Config{
		Slots: 4, HostConnections: 4,
		CallbackURL: func(run wire.Run, _ *wire.Call) string { return "https://carillon.example.com/" + run.ID.String() },
	}, "127.0.0.0/8")
	run := wire.Run{ID: carillon.NewJobID(), Attempt: 1}
	call := &wire.Call{Target: carillon.Target{
		Method: "GET", URL: target.URL, Timeout: carillon.Duration(10 * time.Second), Callback: &carillon.Callback{},
	}}
	c.Prepare(call).Call(t.Context(), run, traceparent)
	if first := <-seen; first != "https://carillon.example.com/"+run.ID.String() {
		t.Errorf("the target is to call %q", first)
	}
	if second := <-seen; second != "" {
		t.Errorf("another host is to call %q", second)
	}
}
