package call

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/guard"
	"github.com/carillon-cron/carillon/shared/wire"
)

const traceparent = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-00"

// client returns a client that may call only the addresses allowed.
func client(t *testing.T, allowed ...string) *Client {
	t.Helper()
	return clientWith(t, Config{Slots: 4, HostConnections: 4}, allowed...)
}

func clientWith(t *testing.T, config Config, allowed ...string) *Client {
	t.Helper()
	config.Allowed = make([]guard.Allowed, len(allowed))
	for i, text := range allowed {
		if err := config.Allowed[i].UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	c := New(config)
	t.Cleanup(c.Close)
	return c
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// speak serves a fixed text, not necessarily HTTP, and then does as told.
func speak(t *testing.T, text string, then func(*net.TCPConn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				if request, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					_, _ = io.Copy(io.Discard, request.Body) // an answer before the end of it would be another case
				}
				_, _ = io.WriteString(conn, text)
				then(conn.(*net.TCPConn))
				_ = conn.Close()
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

func hangUp(conn *net.TCPConn) {
	_ = conn.CloseWrite() // a close with something unread would be a reset
	hold(conn)
}
func hold(conn *net.TCPConn)  { _, _ = io.Copy(io.Discard, conn) }
func reset(conn *net.TCPConn) { _ = errors.Join(conn.SetLinger(0), conn.Close()) }

func attempt(t *testing.T, c *Client, url string, timeout time.Duration) wire.Attempt {
	t.Helper()
	call := &wire.Call{Job: "nightly", Target: carillon.Target{Method: "POST", URL: url, Body: "hello", Timeout: carillon.Duration(timeout)}}
	run := wire.Run{ID: carillon.NewJobID(), Attempt: 2, FireTime: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	return c.Prepare(call).Call(t.Context(), run, traceparent)
}

func TestWhatATargetReceives(t *testing.T) {
	t.Parallel()
	received, body := make(chan *http.Request, 1), make(chan string, 1)
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		body <- string(data)
		received <- r
		_, _ = io.WriteString(w, "done\x00\xff")
	})
	call := &wire.Call{Job: "nightly", Target: carillon.Target{
		Method: "PUT", URL: server.URL + "/a?b=c", Body: "hello", Timeout: carillon.Duration(time.Minute),
		Headers: map[string]string{"x-kind": "full", "user-agent": "Mine"},
	}}
	run := wire.Run{ID: carillon.NewJobID(), Attempt: 2, FireTime: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	got := client(t, "127.0.0.1").Prepare(call).Call(t.Context(), run, traceparent)
	if got.Class != "" || got.Status != 200 || got.Number != 2 || got.Response != "done\uFFFD" || got.FinishedAt.Before(got.StartedAt) {
		t.Errorf("attempt %+v", got)
	}
	request := <-received
	if request.Method != "PUT" || request.RequestURI != "/a?b=c" || <-body != "hello" {
		t.Errorf("request %s %s", request.Method, request.RequestURI)
	}
	for name, want := range map[string]string{
		"Idempotency-Key": run.ID.String(), "Carillon-Job": "nightly", "Carillon-Fire-Time": "2026-01-02T03:04:05Z",
		"Carillon-Attempt": "2", "Traceparent": traceparent, "User-Agent": "Mine", "X-Kind": "full",
	} {
		if request.Header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, request.Header.Get(name), want)
		}
	}
}

func TestBadTargetsHaveTheirClass(t *testing.T) {
	t.Parallel()
	fine := serve(t, func(http.ResponseWriter, *http.Request) {})
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	refusing, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = refusing.Close()
	respond := func(status int) string {
		return serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }).URL
	}
	tests := map[string]struct {
		url   string
		class wire.Class
		text  string
	}{
		"fine":                   {fine.URL, "", ""},
		"server error":           {respond(503), wire.ClassStatus, "503 Service Unavailable"},
		"not modified":           {respond(304), wire.ClassStatus, "304"},
		"unknown status":         {respond(599), wire.ClassStatus, "answered 599"},
		"nobody listens":         {"http://" + refusing.Addr().String(), wire.ClassConnect, "refused"},
		"no such host":           {"http://nowhere.invalid/?token=secret", wire.ClassDNS, "nowhere.invalid"},
		"no trust":               {secure.URL, wire.ClassTLS, "certificate"},
		"plain where TLS is due": {strings.Replace(fine.URL, "http:", "https:", 1), wire.ClassTLS, ""},
		"hangs":                  {speak(t, "", hold), wire.ClassTimeout, "within 500ms"},
		"hangs in the body":      {speak(t, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", hold), wire.ClassTimeout, "within 500ms"},
		"hangs up":               {speak(t, "", hangUp), wire.ClassConnect, "closed the connection"},
		"hangs up in the body":   {speak(t, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", hangUp), wire.ClassConnect, "closed the connection"},
		"resets":                 {speak(t, "", reset), wire.ClassConnect, ""},
		"resets in the body":     {speak(t, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", reset), wire.ClassConnect, ""},
		"not HTTP":               {speak(t, "SSH-2.0-OpenSSH_9.2\r\n", hangUp), wire.ClassProtocol, "malformed"},
		"flood of headers":       {speak(t, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("a", 100<<10)+"\r\n\r\n", hangUp), wire.ClassProtocol, "headers exceeded"},
		"bad length":             {speak(t, "HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n", hangUp), wire.ClassProtocol, ""},
		"HTTP/1.0":               {speak(t, "HTTP/1.0 200 OK\r\n\r\nyes", hangUp), "", ""},
		"blocked":                {"http://127.0.0.2/?token=secret", wire.ClassBlocked, "CARILLON_ALLOW_TARGETS"},
		"blocked metadata":       {"http://169.254.169.254/latest/", wire.ClassBlocked, "169.254.169.254"},
		"not a scheme":           {"ftp://127.0.0.1/?token=secret", wire.ClassProtocol, "scheme"},
	}
	c := client(t, "127.0.0.1")
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := attempt(t, c, test.url, 500*time.Millisecond)
			if got.Class != test.class || !strings.Contains(got.Error, test.text) || strings.Contains(got.Error, "secret") {
				t.Errorf("class %q, error %q; want %q, %q", got.Class, got.Error, test.class, test.text)
			}
		})
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	var hops atomic.Int32
	inner := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the blocked target was called") })
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/once":
			http.Redirect(w, r, "/end", http.StatusTemporaryRedirect)
		case "/loop":
			hops.Add(1)
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/inside":
			http.Redirect(w, r, inner.URL, http.StatusFound)
		case "/elsewhere":
			http.Redirect(w, r, "gopher://user:secret@10.0.0.1/", http.StatusFound)
		case "/broken":
			w.Header().Set("Location", "http://user:secret@[::1/")
			w.WriteHeader(http.StatusFound)
		case "/end":
			body, _ := io.ReadAll(r.Body)
			_, _ = w.Write(append(body, r.Header.Get("Idempotency-Key")...))
		}
	})
	c := client(t, server.Listener.Addr().String())
	for path, want := range map[string]wire.Class{
		"/once": "", "/loop": wire.ClassProtocol, "/inside": wire.ClassBlocked, "/elsewhere": wire.ClassProtocol, "/broken": wire.ClassProtocol,
	} {
		got := attempt(t, c, server.URL+path, 10*time.Second)
		if got.Class != want || strings.Contains(got.Error, "secret") {
			t.Errorf("%s: class %q, error %q; want %q", path, got.Class, got.Error, want)
		}
		if path == "/once" && !strings.HasPrefix(got.Response, "hello") {
			t.Errorf("%s: the body was not sent again: %q", path, got.Response)
		}
	}
	if hops.Load() != 6 {
		t.Errorf("a loop was called %d times, want the first and 5 redirects", hops.Load())
	}
}

func TestResponsesOfAnySize(t *testing.T) {
	t.Parallel()
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		chunk := []byte(strings.Repeat("x", 1<<10))
		for range map[string]int{"/none": 0, "/small": 1, "/drained": 32, "/huge": 1 << 20}[r.URL.Path] {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c := client(t, "127.0.0.1")
	for path, want := range map[string]int{"/none": 0, "/small": 1 << 10, "/drained": 4 << 10} {
		if got := attempt(t, c, server.URL+path, 10*time.Second); got.Class != "" || len(got.Response) != want {
			t.Errorf("%s: class %q, %d bytes; want %d", path, got.Class, len(got.Response), want)
		}
	}
	if connections.Load() != 1 {
		t.Errorf("%d connections for calls one after another, want 1", connections.Load())
	}
	before := allocated()
	if got := attempt(t, c, server.URL+"/huge", 10*time.Second); got.Class != "" || len(got.Response) != 4<<10 {
		t.Errorf("huge: class %q, %d bytes", got.Class, len(got.Response))
	}
	if spent := allocated() - before; spent > 2<<20 {
		t.Errorf("a gigabyte cost %d bytes of memory", spent)
	}
}

func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

func TestTrickleEndsInTime(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for pace := time.Tick(5 * time.Millisecond); r.Context().Err() == nil; <-pace {
			_, _ = io.WriteString(w, ".")
			w.(http.Flusher).Flush()
		}
	})
	got := attempt(t, client(t, "127.0.0.1"), server.URL, 300*time.Millisecond)
	if lasted := got.FinishedAt.Sub(got.StartedAt); got.Class != wire.ClassTimeout || lasted > 5*time.Second || got.Response == "" {
		t.Errorf("class %q after %s, response %q", got.Class, lasted, got.Response)
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel(errors.New("stop"))
		<-r.Context().Done()
	})
	call := &wire.Call{Target: carillon.Target{Method: "GET", URL: server.URL, Timeout: carillon.Duration(time.Minute)}}
	got := client(t, "127.0.0.1").Prepare(call).Call(ctx, wire.Run{Attempt: 1}, traceparent)
	if got.Class != wire.ClassInterrupted {
		t.Errorf("class %q, error %q", got.Class, got.Error)
	}
}
