package pgserver

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRestartKeepsData(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(tempDir(t), "made", "by start")
	s := startServer(t, dir)
	leaveMark(t, s)
	stopServer(t, s)
	checkMark(t, startServer(t, dir))
}

func TestSecondStartOnTheSameFolderIsRefused(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	s := startServer(t, dir)
	if _, err := Start(t.Context(), Config{Dir: dir}); !errors.Is(err, ErrInUse) {
		t.Fatalf("got %v", err)
	}
	if err := s.Err(); err != nil {
		t.Fatalf("the first server suffered: %v", err)
	}
	query(t, s, "SELECT 'still there'")
}

func TestServerIsPrivateAndDurable(t *testing.T) {
	t.Parallel()
	s, err := Start(t.Context(), Config{Dir: tempDir(t), MaxConnections: 17})
	if err != nil {
		t.Fatal(err)
	}
	defer stopServer(t, s)
	for setting, want := range map[string]string{
		"listen_addresses": "", "unix_socket_permissions": "0700", "fsync": "on", "synchronous_commit": "on",
		"full_page_writes": "on", "max_connections": "17", "server_encoding": "UTF8", "lc_collate": "C",
		"data_checksums": "on", "TimeZone": "UTC",
	} {
		if got := query(t, s, "SHOW "+setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	if info, err := os.Stat(s.folder.socket); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the socket's folder: %v, %v", info, err)
	}
}

func TestStopEndsTheServerWhenTheContextEnds(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	s := startServer(t, dir)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("no patience"))
	if err := s.Stop(ctx); err == nil || !strings.Contains(err.Error(), "no patience") {
		t.Fatalf("got %v", err)
	}
	<-s.Done()
	stopServer(t, startServer(t, dir))
}

func TestStartThatIsGivenUpLeavesNothingRunning(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Start(ctx, Config{Dir: dir, NoSync: true}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	s := startServer(t, dir)
	stopServer(t, s)
	if _, err := Start(ctx, Config{Dir: dir, NoSync: true}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	stopServer(t, startServer(t, dir))
}

func TestStartSaysWhatPostgresSaid(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	stopServer(t, startServer(t, dir))
	if err := os.WriteFile(filepath.Join(dir, "data", "postgresql.conf"), []byte("nonsense = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Config{Dir: dir, NoSync: true}); err == nil || !strings.Contains(err.Error(), "FATAL") {
		t.Fatalf("got %v", err)
	}
}
