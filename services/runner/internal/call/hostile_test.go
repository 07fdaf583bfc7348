package call

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/answer"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/wire"
)

// hostile is a target that means ill, and what must come of calling it.
type hostile struct {
	url     string
	success *answer.Success
	class   wire.Class
	text    string
}

const hostileTimeout = 500 * time.Millisecond

// TestHostileTargets is not parallel: it measures the whole process.
func TestHostileTargets(t *testing.T) {
	dns, asking := resolver(t, "127.0.0.1")
	inner := newListener(t, "127.0.0.2:0")
	t.Cleanup(func() { _ = inner.Close() })
	go func() {
		if _, err := inner.Accept(); err == nil {
			t.Error("a blocked target was connected to")
		}
	}()
	targets := hostileTargets(t)
	c := clientWith(t, Config{Slots: 4, HostConnections: 4, Resolver: asking}, "127.0.0.1")
	bad := clientWith(t, Config{Slots: 4, HostConnections: 4, TLS: expired(t)}, "127.0.0.1")
	attempt(t, c, targets["TLS without trust"].url, 10*time.Second) // reads the system's certificates, which stay
	round := func() {
		dns.set("127.0.0.1")
		for name, h := range targets {
			checkHostile(t, c, name, h)
		}
		checkHostile(t, bad, "expired TLS", hostile{url: targets["TLS without trust"].url, class: wire.ClassTLS, text: "expired"})
		rebind(t, c, dns, inner.Addr().(*net.TCPAddr).Port)
	}
	round()
	goroutines, heap := runtime.NumGoroutine(), inUse()
	for range 2 {
		round()
	}
	eventually.Succeeds(t, func() error {
		c.Close()
		if n := runtime.NumGoroutine(); n > goroutines+5 {
			return fmt.Errorf("%d goroutines, %d before", n, goroutines)
		}
		return nil
	})
	if grown := int64(inUse()) - int64(heap); grown > 2<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
}

func inUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func checkHostile(t *testing.T, c *Client, name string, h hostile) {
	t.Helper()
	call := &wire.Call{Job: "nightly", Target: carillon.Target{
		Method: "POST", URL: h.url, Body: "hello", Timeout: carillon.Duration(hostileTimeout), Success: h.success,
		Timeouts: &carillon.Timeouts{TLS: carillon.Duration(hostileTimeout / 2)}, Headers: map[string]string{"Expect": "100-continue"},
	}}
	before := allocated()
	got := c.Prepare(call).Call(t.Context(), wire.Run{ID: carillon.NewJobID(), Attempt: 1}, traceparent)
	if got.Class != h.class || !strings.Contains(got.Error, h.text) {
		t.Errorf("%s: class %q, error %q; want %q, %q", name, got.Class, got.Error, h.class, h.text)
	}
	if lasted := got.FinishedAt.Sub(got.StartedAt); lasted > hostileTimeout+time.Second {
		t.Errorf("%s: took %s", name, lasted)
	}
	if spent := allocated() - before; spent > 2<<20 {
		t.Errorf("%s: cost %d bytes of memory", name, spent)
	}
}

// rebind calls a name that resolves to what may be called, and then to what may not.
func rebind(t *testing.T, c *Client, dns *names, port int) {
	t.Helper()
	listener := newListener(t, fmt.Sprintf("127.0.0.1:%d", port))
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") })}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	target := hostile{url: fmt.Sprintf("http://rebinding.example.com:%d/", port)}
	dns.set("127.0.0.1")
	checkHostile(t, c, "name of an allowed address", target)
	dns.set("127.0.0.2")
	target.class, target.text = wire.ClassBlocked, "127.0.0.2"
	checkHostile(t, c, "name that changes", target)
}

func hostileTargets(t *testing.T) map[string]hostile {
	web := serve(t, misbehave)
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(secure.Close)
	held := speak(t, "", hold)
	answer10 := "HTTP/1.0 200 OK\r\n\r\nyes"
	ok := "HTTP/1.1 200 OK\r\n"
	continues := strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 3)
	return map[string]hostile{
		"hang":                   {url: held, class: wire.ClassTimeout, text: "no complete answer within 500ms"},
		"hang before TLS":        {url: strings.Replace(held, "http:", "https:", 1), class: wire.ClassTimeout, text: "no TLS handshake within 250ms"},
		"trickle":                {url: web.URL + "/trickle", class: wire.ClassTimeout, text: "no complete answer"},
		"trickle of headers":     {url: speak(t, ok, drip), class: wire.ClassTimeout, text: "no complete answer"},
		"reset":                  {url: speak(t, ok, reset), class: wire.ClassConnect},
		"reset in the body":      {url: speak(t, ok+"Content-Length: 9\r\n\r\nabc", reset), class: wire.ClassConnect},
		"a gigabyte":             {url: web.URL + "/gigabyte"},
		"a gigabyte of failure":  {url: web.URL + "/gigabyte?status=500", class: wire.ClassStatus},
		"a gigabyte to search":   {url: web.URL + "/gigabyte", success: &answer.Success{Body: "y"}, class: wire.ClassTooLarge, text: "256 KiB"},
		"gzip bomb":              {url: web.URL + "/bomb"},
		"gzip bomb to search":    {url: web.URL + "/bomb", success: &answer.Success{JSONPath: "$"}, class: wire.ClassTooLarge},
		"flood in a header":      {url: speak(t, ok+"X: "+strings.Repeat("a", 100<<10)+"\r\n\r\n", hangUp), class: wire.ClassProtocol},
		"flood of headers":       {url: speak(t, ok+strings.Repeat("X: a\r\n", 20_000)+"\r\n", hangUp), class: wire.ClassProtocol, text: "headers exceeded"},
		"flood of trailers":      {url: speak(t, ok+"Transfer-Encoding: chunked\r\n\r\n0\r\n"+strings.Repeat("X: aaaaaaa\r\n", 20<<10), hold), class: wire.ClassProtocol},
		"flood of chunk marks":   {url: speak(t, ok+"Transfer-Encoding: chunked\r\n\r\n"+strings.Repeat("1;"+strings.Repeat("x", 2000)+"\r\na\r\n", 100), hold), class: wire.ClassProtocol},
		"redirect loop":          {url: web.URL + "/loop", class: wire.ClassProtocol, text: "redirects"},
		"redirect to metadata":   {url: web.URL + "/metadata", class: wire.ClassBlocked, text: "169.254.169.254"},
		"redirect to a file":     {url: web.URL + "/file", class: wire.ClassProtocol},
		"TLS without trust":      {url: secure.URL, class: wire.ClassTLS, text: "certificate"},
		"TLS for another name":   {url: strings.Replace(secure.URL, "127.0.0.1", "other.example.com", 1), class: wire.ClassTLS},
		"plain where TLS is due": {url: strings.Replace(web.URL, "http:", "https:", 1), class: wire.ClassTLS},
		"HTTP/1.0":               {url: speak(t, answer10, hangUp)},
		"HTTP/0.9":               {url: speak(t, "yes\r\n", hangUp), class: wire.ClassProtocol},
		"content-length too big": {url: speak(t, ok+"Content-Length: 99\r\n\r\nabc", hangUp), class: wire.ClassConnect, text: "before the end"},
		"content-length small":   {url: speak(t, ok+"Content-Length: 1\r\n\r\nabc", hangUp)},
		"content-lengths":        {url: speak(t, ok+"Content-Length: 1\r\nContent-Length: 2\r\n\r\nabc", hangUp), class: wire.ClassProtocol},
		"content-length below 0": {url: speak(t, ok+"Content-Length: -1\r\n\r\nabc", hangUp), class: wire.ClassProtocol},
		"100-continue":           {url: speak(t, continues+ok+"Content-Length: 0\r\n\r\n", hangUp)},
		"100-continue for ever":  {url: speak(t, strings.Repeat(continues, 2000), hold), class: wire.ClassProtocol},
		"another protocol":       {url: speak(t, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", hold), class: wire.ClassStatus, text: "101"},
	}
}

func misbehave(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/trickle":
		for pace := time.Tick(5 * time.Millisecond); r.Context().Err() == nil; <-pace {
			_, _ = io.WriteString(w, ".")
			w.(http.Flusher).Flush()
		}
	case "/gigabyte":
		if r.URL.Query().Has("status") {
			w.WriteHeader(http.StatusInternalServerError)
		}
		for sent := 0; sent < 1<<30; sent += len(zeros) {
			if _, err := w.Write(zeros); err != nil {
				return
			}
		}
	case "/bomb":
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb)
	case "/loop":
		http.Redirect(w, r, "/loop", http.StatusFound)
	case "/metadata":
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
	case "/file":
		http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
	}
}

var zeros = make([]byte, 32<<10)

// bomb is what a gigabyte of zeros is, compressed.
var bomb = func() []byte {
	const parts = 64
	var out bytes.Buffer
	packed := gzip.NewWriter(&out)
	for range 1 << 30 / len(zeros) / parts {
		_, _ = packed.Write(zeros)
	}
	_ = packed.Close()
	return bytes.Repeat(out.Bytes(), parts)
}()

func drip(conn *net.TCPConn) {
	for pace := time.Tick(5 * time.Millisecond); ; <-pace {
		if _, err := io.WriteString(conn, "X: y\r\n"); err != nil {
			return
		}
	}
}

func newListener(t *testing.T, address string) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// expired trusts the test server's certificate, but lives after its end.
func expired(t *testing.T) *tls.Config {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return &tls.Config{RootCAs: roots, Time: func() time.Time { return server.Certificate().NotAfter.Add(time.Hour) }}
}
