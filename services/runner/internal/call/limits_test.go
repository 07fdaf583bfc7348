package call

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

// attemptWithin calls with a limit for each part, and plenty of time in all.
func attemptWithin(t *testing.T, c *Client, url string, limit time.Duration) wire.Attempt {
	t.Helper()
	part := carillon.Duration(limit)
	call := &wire.Call{Target: carillon.Target{
		Method: "GET", URL: url, Timeout: carillon.Duration(time.Minute),
		Timeouts: &carillon.Timeouts{Connect: part, TLS: part, FirstByte: part},
	}}
	return c.Prepare(call).Call(t.Context(), wire.Run{Attempt: 1}, traceparent)
}

func TestThePartThatRanOutIsNamed(t *testing.T) {
	t.Parallel()
	c := clientWith(t, Config{Slots: 4, HostConnections: 4, Resolver: mute()}, "127.0.0.1")
	held := speak(t, "", hold)
	late := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/again" {
			<-r.Context().Done()
		}
		http.Redirect(w, r, "/again", http.StatusFound)
	})
	for url, want := range map[string]string{
		"http://unheard.example.com/":             "no connection within 100ms",
		strings.Replace(held, "http", "https", 1): "no TLS handshake within 100ms",
		held:     "no first byte of an answer within 100ms",
		late.URL: "no first byte of an answer within 100ms",
	} {
		got := attemptWithin(t, c, url, 100*time.Millisecond)
		if got.Class != wire.ClassTimeout || got.Error != want || got.FinishedAt.Sub(got.StartedAt) > 5*time.Second {
			t.Errorf("%s: class %q, error %q after %s; want %q", url, got.Class, got.Error, got.FinishedAt.Sub(got.StartedAt), want)
		}
	}
}

// mute looks names up where nobody answers.
func mute() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
}

func TestAnAnswerThatHasBegunMayTakeItsTime(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		<-time.After(300 * time.Millisecond)
	})
	if got := attemptWithin(t, client(t, "127.0.0.1"), server.URL, 200*time.Millisecond); got.Class != "" {
		t.Errorf("class %q, error %q", got.Class, got.Error)
	}
}
