package main

import (
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/eventually"
)

func alertsOnALiveSystem(t *testing.T, l *live) {
	name := l.create(t, "alerts-bad", "/bad")
	if _, err := l.do(t.Context(), "", "run", name, "--wait"); err == nil {
		t.Fatal("it has succeeded")
	}
	var alerts []client.Alert
	eventually.Succeeds(t, func() error {
		if alerts = read[[]client.Alert](t, l, "alerts", "--job", name); len(alerts) == 0 {
			return errSilent
		}
		return nil
	})
	if alerts[0].Kind != "failing" || alerts[0].State != "firing" {
		t.Errorf("%+v", alerts)
	}
	holds(t, l.ok(t, "alerts", "--namespace", "cli", "--kind", "failing", "--all"), "SINCE", "now", "job cli/alerts-bad", "failing")
	l.refused(t, "422", "alerts", "--kind", "odd")
}

func statsOnALiveSystem(t *testing.T, l *live) {
	name := l.create(t, "stats", "/")
	holds(t, l.ok(t, "stats", name), "job ", "none has ended yet")
	l.ok(t, "run", name, "--wait")
	eventually.Succeeds(t, func() error {
		if stats := read[client.Stats](t, l, "stats", name); stats.Counts["succeeded"] != 1 {
			return errSilent
		}
		return nil
	})
	holds(t, l.ok(t, "stats", name), "succeeded", "1 success in a row", "last run", "last success", "failing", "0.0 %", "duration", "p99")
	l.refused(t, "there is no job", "stats", "cli/none")
}

func checksOnALiveSystem(t *testing.T, l *live) {
	type created struct {
		client.Check
		PingURL string `json:"ping_url"`
	}
	check := read[created](t, l, "checks", "create", "cli/backup", "--cron", "0 3 * * *", "--tz", "Europe/Berlin", "--grace", "30m", "--labels", "team=billing")
	if check.Schedule.Timezone != "Europe/Berlin" || check.Labels["team"] != "billing" || check.Grace.String() != "30m" {
		t.Errorf("%+v", check)
	}
	if !strings.HasPrefix(check.PingURL, "http://"+l.address+"/ping/") {
		t.Error(check.PingURL)
	}
	holds(t, l.ok(t, "checks", "create", "cli/sync", "--every", "5m"), "cli/sync", "every 5m", "address", "/ping/")
	holds(t, l.ok(t, "checks", "list", "--namespace", "cli"), "CHECK", "cli/backup", "new", "0 3 * * * Europe/Berlin", "never", check.PingURL, "cli/sync")
	l.refused(t, "at least one of the flags", "checks", "create", "x")
	l.refused(t, "--grace", "checks", "create", "x", "--every", "5m", "--grace", "soon")
	l.refused(t, "schedule.cron", "checks", "create", "x", "--cron", "x")
	l.ok(t, "checks", "delete", check.ID.String())
	l.ok(t, "checks", "delete", "cli/sync")
	l.refused(t, "there is no check cli/sync", "checks", "delete", "cli/sync")
}
