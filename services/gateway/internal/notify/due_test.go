package notify

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(after time.Duration) time.Time { return noon.Add(after) }

func TestWhenAGroupIsTold(t *testing.T) {
	t.Parallel()
	timing := Timing{Wait: 30 * time.Second, Interval: 5 * time.Minute, Repeat: 4 * time.Hour}
	never := timing
	never.Repeat = 0
	quiet := timing
	quiet.Quiet = &QuietHours{From: "11:00", To: "13:30"}
	for name, c := range map[string]struct {
		timing Timing
		group  Group
		open   bool
		want   time.Time // zero for never
	}{
		"nothing is new, nothing wrong":      {timing, Group{ToldAt: noon}, false, time.Time{}},
		"nothing was ever":                   {timing, Group{}, true, time.Time{}},
		"the first news":                     {timing, Group{Since: noon}, true, at(30 * time.Second)},
		"news soon after a message":          {timing, Group{Since: at(time.Minute), ToldAt: noon}, true, at(5 * time.Minute)},
		"news long after a message":          {timing, Group{Since: at(time.Hour), ToldAt: noon}, true, at(time.Hour + 30*time.Second)},
		"still wrong":                        {timing, Group{ToldAt: noon}, true, at(4 * time.Hour)},
		"still wrong, and nobody wants that": {never, Group{ToldAt: noon}, true, time.Time{}},
		"after a failure":                    {timing, Group{Since: noon, Failures: 1, RetryAt: at(time.Hour)}, true, at(time.Hour)},
		"in quiet hours":                     {quiet, Group{Since: noon}, true, at(90 * time.Minute)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ever := c.timing.Due(c.group, c.open)
			if !got.Equal(c.want) || ever == c.want.IsZero() {
				t.Errorf("told at %v (%t), want %v", got, ever, c.want)
			}
		})
	}
}

func TestRetriesWaitLongerAndLonger(t *testing.T) {
	t.Parallel()
	group, now := Group{Since: noon}, noon
	var waited time.Duration
	for range 20 {
		group = group.Failed(now)
		if wait := group.RetryAt.Sub(now); wait < waited || wait > lastRetry {
			t.Fatalf("waits %s after %s", wait, waited)
		} else {
			waited = wait
		}
	}
	if waited != lastRetry || group.Failures != 20 || group.Since.IsZero() {
		t.Errorf("%+v after %s", group, waited)
	}
	if told := group.Told(now); told != (Group{ToldAt: now}) {
		t.Errorf("told: %+v", told)
	}
}

func TestQuietHours(t *testing.T) {
	t.Parallel()
	berlin := &QuietHours{From: "22:00", To: "07:00", Timezone: "Europe/Berlin"}
	for text, want := range map[string]string{
		"2026-03-01T20:59:00Z": "2026-03-01T20:59:00Z", "2026-03-01T21:00:00Z": "2026-03-02T06:00:00Z",
		"2026-03-02T05:59:00Z": "2026-03-02T06:00:00Z", "2026-03-02T06:00:00Z": "2026-03-02T06:00:00Z",
		"2026-03-28T22:00:00Z": "2026-03-29T05:00:00Z", // the clocks change
	} {
		from, _ := time.Parse(time.RFC3339, text)
		if got := berlin.after(from).Format(time.RFC3339); got != want {
			t.Errorf("from %s it is quiet until %s, want %s", text, got, want)
		}
	}
	for name, c := range map[string]struct{ from, to, at, want string }{
		"half an hour that is skipped":        {"02:30", "03:00", "2026-03-29T01:10:00Z", "2026-03-29T01:10:00Z"},
		"the day after it":                    {"02:30", "03:00", "2026-03-30T00:40:00Z", "2026-03-30T01:00:00Z"},
		"a night in which clocks go back":     {"22:00", "07:00", "2026-10-24T21:00:00Z", "2026-10-25T06:00:00Z"},
		"an hour that comes twice, the first": {"01:00", "04:00", "2026-10-25T00:30:00Z", "2026-10-25T03:00:00Z"},
		"and the second time":                 {"01:00", "04:00", "2026-10-25T01:30:00Z", "2026-10-25T03:00:00Z"},
	} {
		from, _ := time.Parse(time.RFC3339, c.at)
		quiet := QuietHours{From: c.from, To: c.to, Timezone: "Europe/Berlin"}
		if got := quiet.after(from).Format(time.RFC3339); got != c.want {
			t.Errorf("%s: quiet until %s, want %s", name, got, c.want)
		}
	}
	for _, wrong := range []QuietHours{{From: "7:00", To: "07:00"}, {From: "25:00", To: "07:00"}, {From: "22:00", To: "22:00"}, {From: "22:00", To: "7", Timezone: "UTC"}, {From: "22:00", To: "07:00", Timezone: "Mars"}} {
		if wrong.validate() == nil {
			t.Errorf("%+v is fine", wrong)
		}
	}
}
