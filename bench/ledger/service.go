package ledger

import (
	"context"
	"os"
	"os/exec"
	"syscall"

	"github.com/carillon-cron/carillon/bench/process"
)

// service is a running process of carillon.
type service struct {
	process.Admin
	cmd *exec.Cmd
}

// start runs one of carillon's services, and waits until it is ready.
func (b *bench) start(ctx context.Context, name string, settings ...string) (*service, error) {
	s := &service{process.Admin(process.FreeAddress()), exec.Command(b.binary, name)}
	s.cmd.Env = append(append(os.Environ(), "DATABASE_URL="+b.postgres.URL(), "NATS_URL="+b.natsURL,
		"CARILLON_ADMIN_LISTEN="+string(s.Admin), "CARILLON_LOG_LEVEL=warn"), settings...)
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if err := s.AwaitReady(ctx); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *service) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
}
