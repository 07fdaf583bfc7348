package check

import (
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/wire"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const minute = time.Minute

func hourly() carillon.CheckDocument {
	return carillon.CheckDocument{Name: "backup", Period: carillon.Duration(time.Hour), Grace: carillon.Duration(5 * minute)}
}

func nightly() carillon.CheckDocument {
	return carillon.CheckDocument{
		Name: "backup", Grace: carillon.Duration(5 * minute),
		Schedule: &schedule.Spec{Cron: "30 2 * * *", Timezone: "Europe/Berlin"},
	}
}

func ping(event wire.PingEvent, after time.Duration) wire.Ping {
	return wire.Ping{Event: event, At: noon.Add(after)}
}

func TestDeadlines(t *testing.T) {
	t.Parallel()
	success, start, fail := wire.PingSuccess, wire.PingStart, wire.PingFail
	for name, c := range map[string]struct {
		document carillon.CheckDocument
		pings    []wire.Ping
		status   carillon.CheckStatus
		deadline time.Duration // after noon; 0 for none
	}{
		"never pinged":                  {hourly(), nil, "", 0},
		"pinged once":                   {hourly(), []wire.Ping{ping(success, 0)}, carillon.CheckUp, 65 * minute},
		"pinged again":                  {hourly(), []wire.Ping{ping(success, 0), ping(success, 30*minute)}, carillon.CheckUp, 95 * minute},
		"overtaken by a newer ping":     {hourly(), []wire.Ping{ping(success, 30*minute), ping(fail, 0)}, carillon.CheckUp, 95 * minute},
		"begun":                         {hourly(), []wire.Ping{ping(success, 0), ping(start, minute)}, carillon.CheckUp, 6 * minute},
		"begun and ended":               {hourly(), []wire.Ping{ping(start, 0), ping(success, 2*minute)}, carillon.CheckUp, 67 * minute},
		"begun late, but in time":       {hourly(), []wire.Ping{ping(success, 0), ping(start, 64*minute)}, carillon.CheckUp, 69 * minute},
		"begun when it was overdue":     {hourly(), []wire.Ping{ping(success, 0), ping(start, 70*minute)}, carillon.CheckUp, 65 * minute},
		"begun again, and never ended":  {hourly(), []wire.Ping{ping(success, 0), ping(start, minute), ping(start, 3*minute), ping(start, 5*minute)}, carillon.CheckUp, 6 * minute},
		"begun each hour, never ended":  {hourly(), []wire.Ping{ping(start, 0), ping(start, 60*minute), ping(start, 120*minute)}, "", 5 * minute},
		"failed":                        {hourly(), []wire.Ping{ping(fail, 0)}, carillon.CheckFailed, 65 * minute},
		"failed, and begun again":       {hourly(), []wire.Ping{ping(fail, 0), ping(start, minute)}, carillon.CheckFailed, 6 * minute},
		"by a schedule, in winter time": {nightly(), []wire.Ping{ping(success, 0)}, carillon.CheckUp, 13*time.Hour + 35*minute},
		"by a schedule, in summer time": {nightly(), []wire.Ping{ping(success, 40*24*time.Hour)}, carillon.CheckUp, 40*24*time.Hour + 12*time.Hour + 35*minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var state State
			for _, p := range c.pings {
				state = state.Ping(c.document, p)
			}
			var deadline time.Duration
			if !state.DeadlineAt.IsZero() {
				deadline = state.DeadlineAt.Sub(noon)
			}
			if state.Status != c.status || deadline != c.deadline {
				t.Errorf("%s until %s, want %s until %s", state.Status, deadline, c.status, c.deadline)
			}
			if at := state.DeadlineAt; !at.IsZero() && (state.Overdue(at.Add(-1)) || !state.Overdue(at)) {
				t.Error("overdue too soon, or too late")
			}
		})
	}
}

func TestAPausedCheckBeginsAnew(t *testing.T) {
	t.Parallel()
	state := State{}.Ping(hourly(), ping(wire.PingFail, 0))
	paused := hourly()
	paused.Paused = true
	state = state.Expect(paused)
	if state.Overdue(noon.AddDate(1, 0, 0)) || state.Status == carillon.CheckFailed {
		t.Errorf("while paused: %+v", state)
	}
	if state = state.Expect(hourly()); !state.DeadlineAt.IsZero() {
		t.Errorf("after the pause, before a ping: %+v", state)
	}
}
