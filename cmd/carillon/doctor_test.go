package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/doctor"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/eventually"
)

func doctorOnALiveSystem(t *testing.T, l *live) {
	found := map[string]doctor.Finding{}
	eventually.Succeeds(t, func() error { // until all parts have begun their work
		all := append(doctor.NATS(t.Context(), bus.Config{URL: l.nats, Replicas: 1}), doctor.Postgres(t.Context(), l.database)...)
		for _, f := range all {
			if f.State == doctor.Fail {
				return errors.New(f.Part + ": " + f.Says)
			}
			found[f.Part] = f
		}
		return nil
	})
	for part, says := range map[string]string{
		"nats": "version 2.", "nats clock": " it, give or take", "jetstream": "on; ", "streams": "RUNS", "planners": "1, which plan all 12",
		"runners": "at work", "recorders": "at work", "signals": "at work", "alerts": "at work", "postgres": "version ", "postgres clock": " it, give or take", "schema": "version ",
		"connections": " of ", "gateways": "connections", "recorders' connections": "connections", "outbox": "changes wait",
	} {
		if !strings.Contains(found[part].Says, says) {
			t.Errorf("%s: %+v, want %q", part, found[part], says)
		}
	}
	holds(t, l.ok(t, "doctor", "--only", "server"), "STATE", "server", l.address, "server clock", "ready", "the gateway is ready", "admin, admin")
	l.refused(t, "--only: must be", "doctor", "--only", "runner")
	l.refused(t, "something has to be mended", "doctor", "--key", "wrong")
}

// It changes the environment, so it does not run beside others.
func TestDoctorWorksWhenEverythingIsDown(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("NATS_URL", "nats://user:hidden@127.0.0.1:1")
	t.Setenv("DATABASE_URL", "postgres://user:hidden@127.0.0.1:1/carillon")
	t.Setenv("CARILLON_SERVER", "http://127.0.0.1:1")
	out, err := inContext("", "doctor", "-o", "json")
	if !errors.Is(err, errUnwell) {
		t.Fatal(err)
	}
	var findings []doctor.Finding
	if err := json.Unmarshal([]byte(out), &findings); err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, f := range findings {
		if parts = append(parts, f.Part); f.State != doctor.Fail || f.Do == "" {
			t.Errorf("%+v", f)
		}
	}
	if strings.Join(parts, " ") != "server nats postgres" || strings.Contains(out, "hidden") {
		t.Error(out)
	}
	t.Setenv("NATS_URL", "")
	out, _ = inContext("", "doctor")
	holds(t, out, "fail", "server", "→ start a gateway there", "ok", "nats", "not looked at: NATS_URL is not set", "fail", "postgres")
	out, _ = inContext("", "doctor", "--only", "nats")
	holds(t, out, "fail", "nats", "not looked at")
}
