package service

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// ServeAdmin serves health, metrics and Go's profiles on an address of their own, apart from
// any traffic, and returns how to end it. problems says why the process is not
// ready, like [Health.Problems]. No address, or "none", serves nothing: an empty
// variable means its default, so the environment needs a word for it.
func ServeAdmin(address string, problems func() []string) (closeAdmin func(), err error) {
	if address == "" || address == "none" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("admin address %s (CARILLON_ADMIN_LISTEN): %w", address, err)
	}
	server := &http.Server{Handler: adminHandler(problems), ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := server.Serve(listener); err != http.ErrServerClosed {
			slog.Error("admin server ended", "error", err)
		}
	}()
	return func() { _ = server.Close() }, nil
}

func adminHandler(problems func() []string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { writeReady(w, problems()) })
	mux.Handle("GET /metrics", promhttp.Handler())
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

func writeReady(w http.ResponseWriter, problems []string) {
	if len(problems) > 0 {
		http.Error(w, strings.Join(problems, "\n"), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}
