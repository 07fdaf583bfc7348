package service_test

import (
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/service"
)

// settings are like those of a service.
type settings struct {
	NATS   bus.Config
	Slots  int            `env:"TEST_SLOTS" envDefault:"512"`
	Wait   time.Duration  `env:"TEST_WAIT" envDefault:"50ms"`
	Ranges []netip.Prefix `env:"TEST_RANGES"`
}

func TestLoadTakesDefaults(t *testing.T) {
	var got settings
	if err := service.Load(&got); err != nil {
		t.Fatal(err)
	}
	if got.Slots != 512 || got.Wait != 50*time.Millisecond || got.Ranges != nil || got.NATS.URL != "nats://127.0.0.1:4222" || got.NATS.Replicas != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestLoadReadsTheEnvironment(t *testing.T) {
	t.Setenv("TEST_SLOTS", "7")
	t.Setenv("TEST_RANGES", "10.0.0.0/8,127.0.0.0/8")
	t.Setenv("CARILLON_REPLICAS", "3")
	var got settings
	if err := service.Load(&got); err != nil {
		t.Fatal(err)
	}
	if got.Slots != 7 || len(got.Ranges) != 2 || got.NATS.Replicas != 3 {
		t.Errorf("got %+v", got)
	}
}

func TestLoadNamesEveryFaultyVariable(t *testing.T) {
	t.Setenv("TEST_SLOTS", "many")
	t.Setenv("TEST_WAIT", "soon")
	t.Setenv("TEST_RANGES", "10.0.0.0/8,localhost")
	t.Setenv("CARILLON_REPLICAS", "3.5")
	t.Setenv("NATS_URL", "nats://fine")
	var got settings
	err := service.Load(&got)
	if err == nil {
		t.Fatalf("took it for %+v", got)
	}
	for _, want := range []string{"TEST_SLOTS", "TEST_WAIT", "TEST_RANGES", "CARILLON_REPLICAS", "many", "soon", "localhost", "3.5"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %s", err, want)
		}
	}
	if strings.Contains(err.Error(), "NATS_URL") {
		t.Errorf("%q blames what is right", err)
	}
}

func TestTheFramesOwnSettings(t *testing.T) {
	var frame service.Config
	if err := service.Load(&frame); err != nil {
		t.Fatal(err)
	}
	if frame.AdminListen != "127.0.0.1:9470" || frame.LogLevel != slog.LevelInfo || frame.Telemetry.Ratio != 1 {
		t.Errorf("got %+v", frame)
	}
	t.Setenv("CARILLON_LOG_LEVEL", "loud")
	if err := service.Load(&frame); err == nil || !strings.Contains(err.Error(), "CARILLON_LOG_LEVEL") {
		t.Errorf("got %v", err)
	}
}
