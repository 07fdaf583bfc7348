package main

import (
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
)

func pauseOnALiveSystem(t *testing.T, l *live) {
	name := l.create(t, "pausable", "/")
	if job := read[carillon.Job](t, l, "pause", name); !job.Paused {
		t.Error("the job is not paused")
	}
	holds(t, l.ok(t, "resume", name), "paused", "no")
	if p := read[client.Pause](t, l, "pause", "--namespace", "asleep", "--reason", "it moves"); !p.Paused || p.Reason != "it moves" {
		t.Errorf("%+v", p)
	}
	holds(t, l.ok(t, "pauses"), "WHAT", "namespace asleep", "yes", "admin", "it moves")
	holds(t, l.ok(t, "resume", "--namespace", "asleep"), "namespace asleep", "paused: no")
	holds(t, l.ok(t, "pause", "--all"), "everything", "paused: yes")
	holds(t, l.ok(t, "resume", "--all"), "everything", "paused: no")
	l.refused(t, "say what is meant", "pause")
	l.refused(t, "say what is meant", "pause", name, "--all")
	l.refused(t, "must not be empty", "pause", "--namespace", "")
	l.refused(t, "--reason", "pause", name, "--reason", "x")
}
