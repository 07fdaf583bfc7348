package carillon_test

import (
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
)

func TestWhatRaisesAnAlertByDefault(t *testing.T) {
	t.Parallel()
	var none *carillon.Alerts
	for name, alerts := range map[string]carillon.Alerts{"nothing said": none.WithDefaults(), "nothing in it": (&carillon.Alerts{}).WithDefaults()} {
		if alerts.Failures != 1 || alerts.LateAfter != 0 || alerts.SlowFactor != 0 || alerts.NoSuccessFor != 0 || alerts.Mutes(carillon.AlertMissed) {
			t.Errorf("%s: %+v", name, alerts)
		}
	}
}

func TestBadAlertsNameEveryFault(t *testing.T) {
	t.Parallel()
	document := carillon.Document{
		Name: "report", Schedule: schedule.Spec{Cron: "0 3 * * *"}, Target: carillon.Target{URL: "https://example.com"},
		Alerts: &carillon.Alerts{Failures: -1, LateAfter: carillon.Duration(time.Millisecond), SlowFactor: 0.5, NoSuccessFor: -1, Mute: []carillon.AlertKind{"overdue"}},
	}.WithDefaults()
	err := document.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, field := range []string{"failures", "late_after", "slow_factor", "no_success_for", "mute"} {
		if !strings.Contains(err.Error(), "alerts."+field+":") {
			t.Errorf("%v does not name %s", err, field)
		}
	}
	document.Alerts = &carillon.Alerts{Failures: 3, LateAfter: carillon.Duration(time.Minute), SlowFactor: 2, Mute: []carillon.AlertKind{carillon.AlertMissed}}
	if err := document.Validate(); err != nil {
		t.Error(err)
	}
}
