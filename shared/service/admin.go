package service

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// serveAdmin serves health and metrics on its own address, apart from any
// traffic, and returns how to end it. An empty address serves nothing.
func serveAdmin(address string, health *Health) (closeAdmin func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("admin address %s (CARILLON_ADMIN_LISTEN): %w", address, err)
	}
	server := &http.Server{Handler: adminHandler(health), ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := server.Serve(listener); err != http.ErrServerClosed {
			slog.Error("admin server ended", "error", err)
		}
	}()
	return func() { _ = server.Close() }, nil
}

func adminHandler(health *Health) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { writeReady(w, health) })
	mux.Handle("GET /metrics", promhttp.Handler())
	return mux
}

func writeReady(w http.ResponseWriter, health *Health) {
	if problems := health.Problems(); len(problems) > 0 {
		http.Error(w, strings.Join(problems, "\n"), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}
