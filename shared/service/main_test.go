package service_test

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"github.com/carillon-cron/carillon/shared/service"
)

// Tests of Run and Main are not parallel: the environment, the log and signals
// belong to the process.

func TestRunRunsAServiceWithinItsFrame(t *testing.T) {
	address := freeAddress(t)
	t.Setenv("CARILLON_ADMIN_LISTEN", address)
	t.Setenv("TEST_SLOTS", "7")
	ended := errors.New("ended")
	err := service.Run(t.Context(), "test", func(_ context.Context, config settings, health *service.Health) error {
		health.Ready("all")
		if status, _ := get(t, "http://"+address+"/readyz"); status != 200 || config.Slots != 7 {
			t.Errorf("readyz answers %d, settings are %+v", status, config)
		}
		return ended
	})
	if !errors.Is(err, ended) {
		t.Errorf("got %v", err)
	}
}

func TestRunStartsNothingWithFaultySettings(t *testing.T) {
	t.Setenv("TEST_SLOTS", "many")
	err := service.Run(t.Context(), "test", func(context.Context, settings, *service.Health) error {
		t.Error("was started")
		return nil
	})
	if err == nil {
		t.Error("no error")
	}
}

func TestMainEndsOnASignal(t *testing.T) {
	t.Setenv("CARILLON_ADMIN_LISTEN", "none")
	code := service.Main("test", func(ctx context.Context, _ settings, _ *service.Health) error {
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	})
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestMainFailsWithItsService(t *testing.T) {
	t.Setenv("CARILLON_ADMIN_LISTEN", "none")
	ran := false
	code := service.Main("test", func(context.Context, settings, *service.Health) error {
		ran = true
		return errors.New("broken")
	})
	if code != 1 || !ran {
		t.Errorf("exit code %d, ran %t", code, ran)
	}
}
