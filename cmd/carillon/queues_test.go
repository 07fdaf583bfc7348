package main

import (
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
)

func queuesOnALiveSystem(t *testing.T, l *live) {
	set := func(args ...string) carillon.Queue {
		return read[carillon.Queue](t, l, append([]string{"queues", "set", "cli-reports"}, args...)...)
	}
	l.refused(t, "say with --concurrency", "queues", "set", "cli-reports", "--weight", "2")
	want := carillon.Queue{Name: "cli-reports", Concurrency: 5, Weight: 1}
	if got := set("--concurrency", "5"); !got.Equal(want) {
		t.Errorf("%+v", got)
	}
	want.Rate, want.Hosts = &carillon.Rate{Limit: 20, Per: carillon.PerMinute, Burst: 4}, []carillon.Host{"cli.example.com", "*.cli.example.org"}
	if got := set("--rate", "20/minute", "--burst", "4", "--hosts", "cli.example.com,*.cli.example.org"); !got.Equal(want) {
		t.Errorf("%+v", got)
	}
	want.Weight, want.Rate.Burst = 3, 2
	if got := set("--weight", "3", "--burst", "2"); !got.Equal(want) {
		t.Errorf("%+v", got)
	}
	holds(t, l.ok(t, "queues", "list"), "QUEUE", "cli-reports", "5 ", "3 ", "20/minute, burst 2", "no ", "cli.example.com,*.cli.example.org", "default")
	holds(t, l.ok(t, "queues", "pause", "cli-reports"), "cli-reports", "yes")
	want.Paused, want.Rate, want.Hosts = true, nil, nil
	if got := set("--rate", "none", "--hosts", "none"); !got.Equal(want) {
		t.Errorf("%+v", got)
	}
	holds(t, l.ok(t, "queues", "resume", "cli-reports"), "cli-reports", "no")
	l.refused(t, "--rate: must look like", "queues", "set", "cli-reports", "--rate", "20/week")
	l.refused(t, "--burst: needs", "queues", "set", "cli-reports", "--burst", "2")
	l.refused(t, "concurrency", "queues", "set", "cli-reports", "--concurrency", "0")
	l.refused(t, "404", "queues", "pause", "none")
	l.ok(t, "queues", "delete", "cli-reports")
	l.refused(t, "404", "queues", "delete", "cli-reports")
	l.refused(t, "409", "queues", "delete", "default")
}
