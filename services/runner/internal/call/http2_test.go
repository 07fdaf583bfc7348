package call

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

func TestHTTP2(t *testing.T) {
	t.Parallel()
	var connections atomic.Int32
	ended := make(chan struct{}, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("called by %s", r.Proto)
		}
		switch r.URL.Path {
		case "/hang":
			<-r.Context().Done()
			ended <- struct{}{}
		case "/reset":
			panic(http.ErrAbortHandler)
		case "/gigabyte":
			misbehave(w, r)
		}
	}))
	server.EnableHTTP2 = true
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	c := clientWith(t, Config{Slots: 64, HostConnections: 64, TLS: &tls.Config{RootCAs: roots}}, "127.0.0.1")
	for path, want := range map[string]wire.Class{"/": "", "/gigabyte": "", "/reset": wire.ClassConnect, "/hang": wire.ClassTimeout} {
		if got := attempt(t, c, server.URL+path, 500*time.Millisecond); got.Class != want {
			t.Errorf("%s: class %q, error %q; want %q", path, got.Class, got.Error, want)
		}
	}
	<-ended
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if got := attempt(t, c, server.URL, 10*time.Second); got.Class != "" {
				t.Errorf("class %q, error %q", got.Class, got.Error)
			}
		})
	}
	group.Wait()
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(100*time.Millisecond, func() { cancel(errors.New("cancelled by me")) })
	call := &wire.Call{Target: carillon.Target{Method: "GET", URL: server.URL + "/hang", Timeout: carillon.Duration(time.Minute)}}
	if got := c.Prepare(call).Call(ctx, wire.Run{Attempt: 1}, traceparent); got.Class != wire.ClassInterrupted {
		t.Errorf("class %q, error %q", got.Class, got.Error)
	}
	<-ended
}
