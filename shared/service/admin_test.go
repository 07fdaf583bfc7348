package service_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/shared/service"
)

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func serveAdmin(t *testing.T, health *service.Health) (url string, stop func()) {
	t.Helper()
	address := freeAddress(t)
	stop, err := service.ServeAdmin(address, health.Problems)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return "http://" + address, stop
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestReadyzTellsHealth(t *testing.T) {
	t.Parallel()
	health := service.NewHealth()
	url, _ := serveAdmin(t, health)
	expect := func(status int, body string) {
		t.Helper()
		if gotStatus, gotBody := get(t, url+"/readyz"); gotStatus != status || gotBody != body {
			t.Errorf("got %d %q, want %d %q", gotStatus, gotBody, status, body)
		}
	}
	expect(503, "starting\n")
	health.NotReady("jobs", "waiting for NATS")
	health.NotReady("database", "refused")
	expect(503, "database: refused\njobs: waiting for NATS\n")
	health.Ready("jobs")
	health.Ready("database")
	expect(200, "ready\n")
}

func TestHealthMetricsAndProfilesDoNotNeedReadiness(t *testing.T) {
	t.Parallel()
	url, _ := serveAdmin(t, service.NewHealth())
	if status, body := get(t, url+"/healthz"); status != 200 || body != "ok\n" {
		t.Errorf("healthz: %d %q", status, body)
	}
	if status, body := get(t, url+"/metrics"); status != 200 || !strings.Contains(body, "go_goroutines") {
		t.Errorf("metrics: %d %.100q", status, body)
	}
	if status, body := get(t, url+"/debug/pprof/"); status != 200 || !strings.Contains(body, "heap") {
		t.Errorf("profiles: %d %.100q", status, body)
	}
	if status, _ := get(t, url+"/debug/vars"); status != 404 {
		t.Errorf("something else: %d", status)
	}
}

func TestAdminEnds(t *testing.T) {
	t.Parallel()
	url, stop := serveAdmin(t, service.NewHealth())
	get(t, url+"/healthz")
	stop()
	stop() // the second one does nothing
	if response, err := http.Get(url + "/healthz"); err == nil {
		response.Body.Close()
		t.Error("still answers")
	}
}

func TestAdminAddress(t *testing.T) {
	t.Parallel()
	for _, off := range []string{"", "none"} {
		stop, err := service.ServeAdmin(off, service.NewHealth().Problems)
		if err != nil {
			t.Fatal(err)
		}
		stop()
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, err = service.ServeAdmin(taken.Addr().String(), service.NewHealth().Problems)
	if err == nil || !strings.Contains(err.Error(), "CARILLON_ADMIN_LISTEN") || !strings.Contains(err.Error(), "in use") {
		t.Errorf("got %v", err)
	}
}
