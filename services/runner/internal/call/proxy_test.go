package call

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/dial"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

// proxy tunnels as told, and keeps what it was asked for.
type proxy struct {
	mu     sync.Mutex
	asked  []string
	status int
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, r.Method+" "+r.RequestURI+" "+r.Header.Get("Proxy-Authorization"))
	p.mu.Unlock()
	if p.status != 0 {
		w.WriteHeader(p.status)
		return
	}
	target, err := net.Dial("tcp", r.RequestURI)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer target.Close()
	conn, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() { _, _ = io.Copy(target, buffered) }()
	_, _ = io.Copy(conn, target)
}

func (p *proxy) takeAsked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := p.asked
	p.asked = nil
	return asked
}

func through(t *testing.T, address string) dial.Proxy {
	t.Helper()
	var p dial.Proxy
	if err := p.UnmarshalText([]byte(address)); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEverythingGoesThroughTheProxyAndTheGuard(t *testing.T) {
	t.Parallel()
	p := &proxy{}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	plain := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metadata" {
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		}
		_, _ = io.WriteString(w, r.Host)
	})
	secure := httptest.NewTLSServer(plain.Config.Handler)
	t.Cleanup(secure.Close)
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	dns, asking := resolver(t, "127.0.0.1")
	c := clientWith(t, Config{
		Slots: 4, HostConnections: 4, Resolver: asking, TLS: &tls.Config{RootCAs: roots},
		Proxy: through(t, strings.Replace(server.URL, "http://", "http://me:secret@", 1)),
	}, "127.0.0.1")
	port := func(url string) string { return url[strings.LastIndex(url, ":"):] }
	const basic = " Basic bWU6c2VjcmV0" // me:secret
	for _, test := range []struct {
		url   string
		class wire.Class
		asked string
	}{
		{"http://plain.example.com" + port(plain.URL), "", "CONNECT 127.0.0.1" + port(plain.URL) + basic},
		{"https://example.com" + port(secure.URL), "", "CONNECT 127.0.0.1" + port(secure.URL) + basic},
		{"http://127.0.0.1" + port(plain.URL) + "/metadata", wire.ClassBlocked, "CONNECT 127.0.0.1" + port(plain.URL) + basic},
		{"http://169.254.169.254/", wire.ClassBlocked, ""},
		{"https://[::1]/", wire.ClassBlocked, ""},
		{"http://127.0.0.1:1/", wire.ClassConnect, "CONNECT 127.0.0.1:1" + basic},
	} {
		got := attempt(t, c, test.url, 10*time.Second)
		if got.Class != test.class || strings.Contains(got.Error, "secret") {
			t.Errorf("%s: class %q, error %q", test.url, got.Class, got.Error)
		}
		if asked := strings.Join(p.takeAsked(), "\n"); asked != test.asked {
			t.Errorf("%s: the proxy was asked %q, want %q", test.url, asked, test.asked)
		}
		if _, host, _ := strings.Cut(test.url, "://"); test.class == "" && got.Response != host {
			t.Errorf("%s: the target was called as %q", test.url, got.Response)
		}
	}
	dns.set("127.0.0.2")
	if got := attempt(t, c, "http://changed.example.com"+port(plain.URL), 10*time.Second); got.Class != wire.ClassBlocked || len(p.takeAsked()) > 0 {
		t.Errorf("class %q, error %q", got.Class, got.Error)
	}
}

// A certificate is shown to the target at the end of the tunnel, not to the proxy.
func TestACertificateGoesThroughTheProxy(t *testing.T) {
	t.Parallel()
	p := &proxy{}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	target := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strconv.Itoa(len(r.TLS.PeerCertificates)))
	}))
	target.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	target.StartTLS()
	t.Cleanup(target.Close)
	own := target.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certificate := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate[0]}))
	shown := certificate + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	c := clientWith(t, Config{Slots: 4, HostConnections: 4, Proxy: through(t, server.URL), Secrets: oneSecret(shown)}, "127.0.0.1")
	call := func(url string) wire.Attempt {
		auth := &carillon.Auth{MTLS: &carillon.MTLS{Secret: "pair", CA: certificate}}
		call := &wire.Call{Target: carillon.Target{Method: "GET", URL: url, Timeout: carillon.Duration(10 * time.Second), Auth: auth}}
		return c.Prepare(call).Call(t.Context(), wire.Run{Attempt: 1}, traceparent)
	}
	if got := call(target.URL); got.Class != "" || got.Response != "1" {
		t.Errorf("class %q, error %q; the target saw %s certificates", got.Class, got.Error, got.Response)
	}
	if asked, want := strings.Join(p.takeAsked(), ", "), "CONNECT "+target.Listener.Addr().String()+" "; asked != want {
		t.Errorf("the proxy was asked %q, want %q", asked, want)
	}
	if got := call("https://169.254.169.254/"); got.Class != wire.ClassBlocked || len(p.takeAsked()) > 0 {
		t.Errorf("class %q, error %q", got.Class, got.Error)
	}
}

func TestBadProxies(t *testing.T) {
	t.Parallel()
	refusing := httptest.NewServer(&proxy{status: http.StatusProxyAuthRequired})
	t.Cleanup(refusing.Close)
	secure := httptest.NewTLSServer(&proxy{})
	t.Cleanup(secure.Close)
	for name, test := range map[string]struct {
		proxy string
		class wire.Class
		text  string
	}{
		"refuses":      {refusing.URL, wire.ClassConnect, "407 Proxy Authentication Required"},
		"is not there": {"http://127.0.0.1:1", wire.ClassConnect, "refused"},
		"is unknown":   {"http://nowhere.invalid", wire.ClassConnect, "proxy: "},
		"hangs":        {speak(t, "", hold), wire.ClassTimeout, "no connection within 100ms"},
		"hangs up":     {speak(t, "", hangUp), wire.ClassConnect, "proxy: "},
		"is no proxy":  {speak(t, "SSH-2.0\r\n", hangUp), wire.ClassConnect, "proxy: "},
		"speaks first": {speak(t, "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", hold), wire.ClassConnect, "more than"},
		"has no trust": {secure.URL, wire.ClassConnect, "certificate"},
		"floods":       {speak(t, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("a", 1<<20), hold), wire.ClassConnect, "proxy: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clientWith(t, Config{Slots: 4, HostConnections: 4, Proxy: through(t, test.proxy)}, "127.0.0.1")
			got := attemptWithin(t, c, "http://127.0.0.1:2/", 100*time.Millisecond)
			if got.Class != test.class || !strings.Contains(got.Error, test.text) {
				t.Errorf("class %q, error %q; want %q, %q", got.Class, got.Error, test.class, test.text)
			}
		})
	}
}
