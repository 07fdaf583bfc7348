package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/client"
)

func forecastOnALiveSystem(t *testing.T, l *live) {
	text := fmt.Sprintf("name: forecast\nnamespace: forecast\nschedule: {every: 1h}\ntarget: {url: %s}\npaused: false\n", l.target)
	if _, err := l.do(t.Context(), text, "jobs", "create", "-f", "-"); err != nil {
		t.Fatal(err)
	}
	if f := read[client.Forecast](t, l, "forecast", "--namespace", "forecast", "--hours", "3"); f.Fires < 2 || f.Fires > 4 || len(f.PerMinute) != 180 {
		t.Errorf("%+v", f)
	}
	holds(t, l.ok(t, "forecast", "--namespace", "forecast", "--hours", "24"), "fires from", "█", "QUEUE", "default", "HOST", "127.0.0.1")
	holds(t, l.ok(t, "forecast", "--namespace", "no-such"), "0 fires")
	l.refused(t, "--hours: must be from 1 to 24", "forecast", "--hours", "25")
}

func TestBarsAreInProportion(t *testing.T) {
	t.Parallel()
	f := client.Forecast{From: time.Date(2026, 11, 24, 10, 7, 0, 0, time.UTC), Complete: true, Fires: 2002, PerMinute: make([]int, 60)}
	f.PerMinute[0], f.PerMinute[5], f.PerMinute[59] = 1000, 2, 1000
	var out bytes.Buffer
	if err := (forecastTable{f}).write(&out); err != nil {
		t.Fatal(err)
	}
	full := strings.Repeat("█", barWidth)
	holds(t, out.String(), "10:07   1000 "+full+"\n10:12      2 █\n10:17      0 \n", "11:02   1000 "+full+"\n")
	for minutes, want := range map[int]int{20: 1, 60: 5, 6 * 60: 15, 24 * 60: 60} {
		if got := stretch(minutes); got != want {
			t.Errorf("%d minutes in steps of %d, want %d", minutes, got, want)
		}
	}
}
