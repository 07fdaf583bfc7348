package call

import (
	"net/http"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

func TestAnotherHostLearnsNothingOfTheJob(t *testing.T) {
	t.Parallel()
	received := make(chan *http.Request, 10)
	var home string
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		received <- r
		if r.URL.Path == "/back" {
			http.Redirect(w, r, home+"/end", http.StatusFound)
		}
	})
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		received <- r
		switch r.URL.Path {
		case "/found":
			http.Redirect(w, r, other.URL+"/end", http.StatusFound)
		case "/moved":
			http.Redirect(w, r, other.URL+"/end", http.StatusPermanentRedirect)
		case "/back":
			http.Redirect(w, r, other.URL+"/back", http.StatusTemporaryRedirect)
		case "/within":
			http.Redirect(w, r, "/end", http.StatusTemporaryRedirect)
		}
	})
	home = server.URL
	c := client(t, "127.0.0.1")
	for _, test := range []struct {
		path, body string
		knows      []bool // of each request in turn: it has the job's own headers
		status     int
	}{
		{"/within", "hello", []bool{true, true}, 200},
		{"/found", "hello", []bool{true, false}, 200},
		{"/back", "", []bool{true, false, false}, 200},
		{"/moved", "", []bool{true, false}, 200},
		{"/moved", "hello", []bool{true}, 308},
	} {
		call := &wire.Call{Job: "nightly", Target: carillon.Target{
			Method: "POST", URL: server.URL + test.path + "?token=secret", Body: test.body, Timeout: carillon.Duration(10 * time.Second),
			Headers: map[string]string{"X-Api-Key": "secret", "Authorization": "secret"},
		}}
		got := c.Prepare(call).Call(t.Context(), wire.Run{ID: carillon.NewJobID(), Attempt: 1}, traceparent)
		if got.Status != test.status {
			t.Errorf("%s: status %d, error %q; want %d", test.path, got.Status, got.Error, test.status)
		}
		for i, knows := range test.knows {
			header := (<-received).Header
			if told := header.Get("X-Api-Key")+header.Get("Authorization")+header.Get("Carillon-Job") != ""; told != knows {
				t.Errorf("%s: request %d has headers %v", test.path, i, header)
			}
			if !knows && header.Get("Referer") != "" || header.Get("Traceparent") != traceparent || header.Get("User-Agent") != "Carillon" {
				t.Errorf("%s: request %d has headers %v", test.path, i, header)
			}
		}
		if len(received) != 0 {
			t.Errorf("%s: %d requests too many", test.path, len(received))
		}
	}
}
