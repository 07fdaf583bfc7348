package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/carillon-cron/carillon/bench/process"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/pgserver"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/jackc/pgx/v5/pgxpool"
)

// stack is a `carillon up` process over a Postgres that the bench can look into.
type stack struct {
	dir      string
	api      *client.Client
	admin    process.Admin
	cmd      *exec.Cmd
	postgres *pgserver.Server
	database *pgxpool.Pool
	herds    int
}

func startStack(ctx context.Context) (*stack, error) {
	dir, err := os.MkdirTemp("", "carillon-bench-*")
	if err != nil {
		return nil, err
	}
	s := &stack{dir: dir}
	if err := s.start(ctx); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *stack) start(ctx context.Context) (err error) {
	if err := os.Chmod(s.dir, 0o711); err != nil { // for the user of Postgres
		return err
	}
	if s.postgres, err = pgserver.Start(ctx, pgserver.Config{Dir: filepath.Join(s.dir, "postgres")}); err != nil {
		return err
	}
	if s.database, err = postgres.Open(ctx, postgres.Config{URL: s.postgres.URL()}); err != nil {
		return err
	}
	binary := filepath.Join(s.dir, "carillon")
	if out, err := exec.Command("go", "build", "-o", binary, "./cmd/carillon").CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	listen, admin := process.FreeAddress(), process.FreeAddress()
	say("admin address %s", admin)
	s.admin = process.Admin(admin)
	s.cmd = exec.Command(binary, "up", "--data-dir", filepath.Join(s.dir, "data"), "--listen", listen, "--allow-targets", "127.0.0.0/8")
	s.cmd.Env = append(os.Environ(), "DATABASE_URL="+s.postgres.URL(), "CARILLON_ADMIN_LISTEN="+admin,
		"CARILLON_HOST_CONNECTIONS="+strconv.Itoa(concurrency))
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		return err
	}
	if err := s.admin.AwaitReady(ctx); err != nil {
		return err
	}
	key, err := os.ReadFile(filepath.Join(s.dir, "data", "admin.key"))
	s.api = client.New("http://"+listen, strings.TrimSpace(string(key)))
	return err
}

// limit sets the concurrency of the queue that the bench uses.
func (s *stack) limit(ctx context.Context, n int) error {
	return s.api.Do(ctx, "PUT", "/queues/default", carillon.Queue{Name: "default", Concurrency: n, Weight: 100}, nil)
}

func (s *stack) stop() {
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		_ = s.cmd.Wait()
	}
	if s.database != nil {
		s.database.Close()
	}
	if s.postgres != nil {
		_ = s.postgres.Stop(context.Background())
	}
	_ = os.RemoveAll(s.dir)
}

// cpu is what carillon and Postgres have used so far: all below the bench but
// the target. Postgres is a child of the bench.
func (s *stack) cpu(t *target) float64 {
	return process.CPUOfTree(os.Getpid()) - process.CPUOfTree(t.PID) - process.CPU(os.Getpid())
}
