package bus_test

import (
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/nats-io/nats.go"
)

func TestConnectDoesNotNeedItsServerYet(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	server.Stop()
	js := server.Connect()
	began := time.Now()
	if _, err := js.AccountInfo(t.Context()); err == nil || time.Since(began) > 2*time.Second {
		t.Errorf("without a server: %v after %s; want an error at once", err, time.Since(began))
	}
	server.Restart()
	eventually.Succeeds(t, func() error {
		_, err := js.AccountInfo(t.Context())
		return err
	})
}

func TestConnectionOutlivesManyRestarts(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	js := server.Connect()
	for range 3 {
		server.Stop()
		server.Restart()
		eventually.Succeeds(t, func() error {
			_, err := js.AccountInfo(t.Context())
			return err
		})
	}
}

func TestConnectionSaysWhoseItIs(t *testing.T) {
	t.Parallel()
	nc, _, err := bus.Connect(natstest.Start(t).Config(), "planner")
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if name := nc.Opts.Name; name != "carillon-planner" {
		t.Errorf("got %q", name)
	}
}

func TestConnectRefusesMalformedAddresses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"nats://user:secret@host:port", "nats://user:secret@[::1", "user:secret@\x00", "nats://127.0.0.1:4222,nats://user:secret@host name"} {
		nc, _, err := bus.Connect(bus.Config{URL: address}, "test")
		switch {
		case err == nil:
			nc.Close()
			t.Errorf("%q was taken", address)
		case !strings.Contains(err.Error(), "NATS_URL") || strings.Contains(err.Error(), "secret"):
			t.Errorf("%q: got %v; want it to name the setting and not the secret", address, err)
		}
	}
}

func TestConnectFailsOnAFaultyOption(t *testing.T) {
	t.Parallel()
	config := bus.Config{URL: nats.DefaultURL, Options: []nats.Option{nats.RootCAs("/absent.pem")}}
	if nc, _, err := bus.Connect(config, "test"); err == nil {
		nc.Close()
		t.Error("was taken")
	}
}
