package main

import (
	"errors"
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
)

func runsOnALiveSystem(t *testing.T, l *live) {
	name := l.create(t, "runs-bad", "/bad")
	if _, err := l.do(t.Context(), "", "run", name, "--wait"); !errors.Is(err, errUnsuccessful) {
		t.Fatal(err)
	}
	list := []string{"runs", "list", "--job", name, "--namespace", "cli,other", "--state", "failed", "--state", "lost", "--kind", "manual", "--since", "1h"}
	runs := read[[]client.Run](t, l, list...)
	if len(runs) != 1 || runs[0].State != carillon.StateFailed {
		t.Fatalf("%+v", runs)
	}
	id := runs[0].ID.String()
	holds(t, l.ok(t, list...), "FIRE TIME", name, "failed", "manual", "418", id)
	holds(t, l.ok(t, append(list, "--until", "1h")...), "FIRE TIME")
	holds(t, l.ok(t, "runs", "get", id), "run ", id, "why", "attempt 1", "418 status")

	counted := read[client.Redrives](t, l, "runs", "retry", "--job", name, "--since", "1h", "--dry-run")
	if counted.Matched != 1 || counted.Started != 0 {
		t.Errorf("counted %+v", counted)
	}
	again := read[client.Run](t, l, "runs", "retry", id)
	if again.ID == runs[0].ID || again.Job != "runs-bad" {
		t.Errorf("%+v", again)
	}
	l.refused(t, "409", "runs", "retry", id)
	l.refused(t, "say which", "runs", "retry")
	l.refused(t, "--job: cannot stand", "runs", "retry", id, "--job", name)
	l.refused(t, "is not the id of a run", "runs", "cancel", "../keys")
	l.refused(t, "--since: ", "runs", "list", "--since", "soon")
	l.refused(t, "422", "runs", "list", "--state", "odd")
	if end, err := endOfRun(t.Context(), l.client(t), again.ID); err != nil || end.State != carillon.StateFailed {
		t.Errorf("%s, %v", end.State, err)
	}
	l.refused(t, "409", "runs", "cancel", id)
	holds(t, l.ok(t, "runs", "retry", "--job", name, "--since", "1h"), "runs ", "1", "started", "1")
}

func TestWhatATargetSaysStaysOnItsLine(t *testing.T) {
	t.Parallel()
	if got := brief("a\x1b[2J\n\tb\u009bc"); got != "a [2J b c" {
		t.Errorf("%q", got)
	}
}
