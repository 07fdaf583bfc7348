package service_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/carillon-cron/carillon/shared/service"
	"github.com/google/go-cmp/cmp"
)

func TestHealthNamesWhatIsNotReady(t *testing.T) {
	t.Parallel()
	health := service.NewHealth()
	expect := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(append([]string{}, want...), health.Problems()); diff != "" {
			t.Error(diff)
		}
	}
	expect("starting")
	health.NotReady("queues", "waiting for NATS")
	health.NotReady("database", "refused")
	expect("database: refused", "queues: waiting for NATS")
	health.Ready("database")
	expect("queues: waiting for NATS")
	health.Ready("queues")
	expect()
	health.NotReady("database", "gone")
	expect("database: gone")
}

func TestHealthIsForManyGoroutines(t *testing.T) {
	t.Parallel()
	health := service.NewHealth()
	var parts sync.WaitGroup
	for i := range 8 {
		parts.Go(func() {
			for range 100 {
				health.NotReady(fmt.Sprint(i), "starting")
				_ = health.Problems()
				health.Ready(fmt.Sprint(i))
			}
		})
	}
	parts.Wait()
	if problems := health.Problems(); len(problems) > 0 {
		t.Error(problems)
	}
}

func TestNoHealthIsToldNothing(t *testing.T) {
	t.Parallel()
	var health *service.Health
	health.Ready("jobs")
	health.NotReady("jobs", "waiting for NATS")
}
