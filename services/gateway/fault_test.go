package gateway

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/pgserver"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/carillon-cron/carillon/shared/topology"
)

// postgresDir returns a folder that the user postgres may enter.
func postgresDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "carillon-gateway-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "postgres")
}

func startPostgres(t *testing.T, dir string) *pgserver.Server {
	t.Helper()
	server, err := pgserver.Start(context.Background(), pgserver.Config{Dir: dir, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop(context.Background()) })
	return server
}

func TestPostgresAwayIsSaidAndForgotten(t *testing.T) {
	t.Parallel()
	dir := postgresDir(t)
	server := startPostgres(t, dir)
	w := &world{natsDir: t.TempDir(), natsPort: -1}
	w.startNATS(t)
	w.config.Postgres.URL = server.URL()
	w.config.AdminKeyFile = filepath.Join(t.TempDir(), "admin.key")
	w.connect(t)
	w.start(t)
	w.awaitReady(t)
	job := w.create(t, document("kept"))
	into[object](t, w.call(t, "GET", "/api/v1/runs", nil), 200) // the key is known from here on

	if err := server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, request := range []string{"GET /api/v1/jobs", "GET /api/v1/runs", "GET /api/v1/queues", "POST /api/v1/jobs/" + job.ID.String() + "/pause"} {
		method, path, _ := strings.Cut(request, " ")
		if r := w.call(t, method, path, nil); intoProblem(t, r, 503).Detail == "" || r.header.Get("Retry-After") == "" {
			t.Errorf("%s: %v", request, r.header)
		}
	}
	intoProblem(t, w.callAs(t, "car_unknown", "GET", "/api/v1/jobs", nil), 503)
	intoProblem(t, w.call(t, "POST", "/api/v1/jobs", "{"), 400)
	_ = w.follow(t, "").Close() // the live feed goes on
	eventually.Succeeds(t, func() error {
		if r := w.callAs(t, "", "GET", "/readyz", nil); r.status != http.StatusServiceUnavailable || !strings.Contains(string(r.body), "postgres") {
			return fmt.Errorf("/readyz answers %d %s", r.status, r.body)
		}
		return nil
	})

	startPostgres(t, dir)
	eventually.Succeeds(t, func() error {
		if r := w.call(t, "GET", "/api/v1/jobs/"+job.ID.String(), nil); r.status != 200 {
			return fmt.Errorf("%d %s", r.status, r.body)
		}
		return nil
	})
	w.awaitReady(t)
}

func TestWritesNeedNoNATSAndArriveLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.create(t, document("before"))
	w.published(t, first.ID, 1)
	w.nats.Stop()
	second := w.create(t, document("during"))
	into[carillon.Job](t, w.call(t, "PATCH", "/api/v1/jobs/"+first.ID.String(), object{"paused": true}), 200)
	if r := w.call(t, "POST", "/api/v1/jobs/"+first.ID.String()+"/run", nil); intoProblem(t, r, 503).Detail == "" || r.header.Get("Retry-After") == "" {
		t.Errorf("%v", r.header)
	}
	w.startNATS(t)
	w.published(t, second.ID, 1)
	w.published(t, first.ID, 2)
	w.awaitEmptyOutbox(t)
}

func TestStartWithNothingThere(t *testing.T) {
	t.Parallel()
	w := &world{natsDir: t.TempDir(), natsPort: -1}
	w.startNATS(t)
	w.nats.Stop()
	dir := postgresDir(t)
	server := startPostgres(t, dir)
	w.config.Postgres.URL = server.URL()
	w.config.AdminKeyFile = filepath.Join(t.TempDir(), "admin.key")
	if err := server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.start(t)
	eventually.Succeeds(t, func() error {
		if len(w.health.Problems()) < 4 {
			return fmt.Errorf("%v", w.health.Problems())
		}
		return nil
	})
	if r := w.callAs(t, "", "GET", "/healthz", nil); r.status != 200 {
		t.Errorf("/healthz answers %d", r.status)
	}
	intoProblem(t, w.callAs(t, "car_any", "GET", "/api/v1/jobs", nil), 503)
	startPostgres(t, dir)
	w.startNATS(t)
	w.connect(t)
	w.awaitReady(t)
	job := w.create(t, document("at last"[:2]))
	w.published(t, job.ID, 1)
}

// TestStartRebuildsJOBS loses the stream, and brings a definition into it that
// Postgres does not know.
func TestStartRebuildsJOBS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kept, changed, gone := w.create(t, document("kept")), w.create(t, document("changed")), w.create(t, document("gone"))
	for _, job := range []carillon.Job{kept, changed, gone} {
		w.published(t, job.ID, 1)
	}
	w.relayed(t)
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	stream, err := w.js.Stream(t.Context(), topology.JobsStream)
	if err != nil {
		t.Fatal(err)
	}
	before, err := stream.GetLastMsgForSubject(t.Context(), topology.Job(kept.ID))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.pool.Exec(t.Context(), `UPDATE jobs SET revision = 2 WHERE id = $1`, changed.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.pool.Exec(t.Context(), `DELETE FROM jobs WHERE id = $1`, gone.ID); err != nil {
		t.Fatal(err)
	}
	w.start(t)
	w.awaitReady(t)
	w.published(t, changed.ID, 2)
	if tombstone, _ := w.published(t, gone.ID, 2); !tombstone.Deleted {
		t.Error("a job that Postgres does not know is still published")
	}
	if after, err := stream.GetLastMsgForSubject(t.Context(), topology.Job(kept.ID)); err != nil || after.Sequence != before.Sequence {
		t.Errorf("a job that was up to date was published again: %v", err)
	}

	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	if err := w.js.DeleteStream(t.Context(), topology.JobsStream); err != nil {
		t.Fatal(err)
	}
	w.start(t)
	w.awaitReady(t)
	w.published(t, kept.ID, 1)
	w.published(t, changed.ID, 2)
	w.publishedQueue(t, "default", &carillon.Queue{Name: "default", Concurrency: 50, Weight: 3})
}

func TestTakenAddressIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	config := w.config
	config.Listen = strings.TrimPrefix(w.url, "http://")
	err := Run(t.Context(), config, service.NewHealth())
	if err == nil || !strings.Contains(err.Error(), config.Listen) || !strings.Contains(err.Error(), "in use") {
		t.Errorf("got %v", err)
	}
}

func TestStartAndStopLeavesNothing(t *testing.T) {
	w := newWorld(t)
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	before := goroutines()
	for i := range 50 {
		w.start(t)
		if i%5 == 0 {
			w.awaitReady(t)
			conn := w.follow(t, "")
			into[object](t, w.call(t, "GET", "/api/v1/jobs", nil), 200)
			defer conn.Close()
		}
		start := time.Now()
		if err := w.stop(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("stop %d took %v", i, took)
		}
	}
	if err := before(); err != nil {
		t.Error(err)
	}
}
