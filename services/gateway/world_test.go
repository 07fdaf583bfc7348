package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/natsserver"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// world is a gateway with a NATS and a database of its own.
type world struct {
	url      string
	key      string
	health   *service.Health
	config   Config
	pool     *pgxpool.Pool
	js       jetstream.JetStream
	nc       *nats.Conn
	stop     func() error
	natsDir  string
	natsPort int
	nats     *natsserver.Server
}

// newWorld starts a gateway and waits until it is ready.
func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldWith(t, func(*Config) {})
}

// newWorldWith starts a gateway with settings of the test's own.
func newWorldWith(t *testing.T, change func(*Config)) *world {
	t.Helper()
	w := &world{natsDir: t.TempDir(), natsPort: -1}
	w.startNATS(t)
	w.config.Postgres.URL = pgtest.Database(t)
	w.config.MasterKeys.Keys = masterKey(1)
	w.config.PublicURL = "https://carillon.example.com"
	w.config.KeyRate = 500
	w.config.AdminKeyFile = filepath.Join(t.TempDir(), "admin.key")
	change(&w.config)
	w.connect(t)
	w.start(t)
	w.awaitReady(t)
	return w
}

func (w *world) startNATS(t *testing.T) {
	t.Helper()
	server, err := natsserver.Start(natsserver.Config{Dir: w.natsDir, Port: w.natsPort})
	if err != nil {
		t.Fatal(err)
	}
	w.nats = server
	w.config.NATS = bus.Config{URL: server.URL(), Replicas: 1}
	_, _ = fmt.Sscanf(server.URL(), "nats://127.0.0.1:%d", &w.natsPort)
	t.Cleanup(server.Stop)
}

func (w *world) connect(t *testing.T) {
	t.Helper()
	nc, js, err := bus.Connect(w.config.NATS, "test")
	if err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.New(context.Background(), w.config.Postgres.URL)
	if err != nil {
		t.Fatal(err)
	}
	w.nc, w.js, w.pool = nc, js, pool
	t.Cleanup(nc.Close)
	t.Cleanup(pool.Close)
}

// start runs a gateway on a free port until the test ends or stop is called.
func (w *world) start(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.url = "http://" + listener.Addr().String()
	w.health = service.NewHealth()
	config, health := w.config, w.health
	config.Listener = listener
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, config, health) }()
	stopped := false
	w.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-ended
	}
	stop := w.stop
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("Run ended with %v", err)
		}
	})
}

func (w *world) awaitReady(t *testing.T) {
	t.Helper()
	eventually.Succeeds(t, func() error {
		if problems := w.health.Problems(); len(problems) > 0 {
			return fmt.Errorf("not ready: %v", problems)
		}
		return nil
	})
	if w.config.AdminKeyFile != "" {
		secret, err := os.ReadFile(w.config.AdminKeyFile)
		if err != nil {
			t.Fatal(err)
		}
		w.key = strings.TrimSpace(string(secret))
	}
}

// relayed waits until all that was written has been published, and forgotten.
func (w *world) relayed(t *testing.T) {
	t.Helper()
	eventually.Succeeds(t, func() error {
		if n := w.count(t, `SELECT count(*) FROM outbox`); n > 0 {
			return fmt.Errorf("%d messages in the outbox", n)
		}
		return nil
	})
}

// response is what came back for a request.
type response struct {
	status int
	header http.Header
	body   []byte
}

// call makes a request with the admin key. A body that is not a string is sent
// as JSON.
func (w *world) call(t *testing.T, method, path string, body any) response {
	t.Helper()
	return w.callAs(t, w.key, method, path, body)
}

func (w *world) callAs(t *testing.T, key, method, path string, body any) response {
	t.Helper()
	content, isText := body.(string)
	if !isText && body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		content = string(data)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, w.url+path, bytes.NewReader([]byte(content)))
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return do(t, request)
}

var client = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Timeout:       30 * time.Second,
}

func do(t *testing.T, request *http.Request) response {
	t.Helper()
	answer, err := client.Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", request.Method, request.URL.Path, err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{answer.StatusCode, answer.Header, content}
}

// into decodes a response that must have the given status.
func into[T any](t *testing.T, r response, status int) T {
	t.Helper()
	var value T
	if r.status != status {
		t.Fatalf("status %d, want %d: %s", r.status, status, r.body)
	}
	if len(r.body) == 0 {
		return value
	}
	if err := json.Unmarshal(r.body, &value); err != nil {
		t.Fatalf("%v: %s", err, r.body)
	}
	return value
}

// problem is an RFC 9457 document.
type problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Errors []struct {
		Location string `json:"location"`
		Message  string `json:"message"`
	} `json:"errors"`
}

func (p problem) locations() []string {
	all := []string{}
	for _, e := range p.Errors {
		all = append(all, e.Location)
	}
	return all
}

// intoProblem decodes a refusal.
func intoProblem(t *testing.T, r response, status int) problem {
	t.Helper()
	p := into[problem](t, r, status)
	if kind := r.header.Get("Content-Type"); kind != "application/problem+json" || p.Status != status || p.Title == "" {
		t.Fatalf("not a problem document (%s): %s", kind, r.body)
	}
	return p
}

// count returns a number that Postgres counts.
func (w *world) count(t *testing.T, sql string, args ...any) int {
	t.Helper()
	var n int
	if err := w.pool.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
