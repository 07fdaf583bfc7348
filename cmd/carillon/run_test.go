package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/eventually"
)

func runOnALiveSystem(t *testing.T, l *live) {
	good, bad := l.create(t, "run-good", "/"), l.create(t, "run-bad", "/bad")
	holds(t, l.ok(t, "run", good, "--wait"), "job ", good, "manual", "state ", "succeeded", "attempt 1", "200")
	out, err := l.do(t.Context(), "", "run", bad, "--wait", "-o", "json")
	var run client.Run
	if failed := json.Unmarshal([]byte(out), &run); failed != nil || !errors.Is(err, errUnsuccessful) || run.State != carillon.StateFailed || len(run.History) != 1 || *run.History[0].Status != 418 {
		t.Errorf("%v, %v: %s", err, failed, out)
	}
	l.refused(t, "there is no job cli/none", "run", "cli/none")

	slow := l.create(t, "run-slow", "/slow")
	started := read[client.Run](t, l, "run", slow)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := endOfRun(ctx, l.client(t), started.ID); err == nil || !strings.Contains(err.Error(), "goes on") {
		t.Errorf("a wait that is broken off ends with %v", err)
	}
	l.refused(t, "409", "run", slow)
	eventually.Succeeds(t, func() error { // it comes to the ledger a moment later
		_, err := l.do(t.Context(), "", "runs", "cancel", started.ID.String())
		return err
	})
	if end, err := endOfRun(t.Context(), l.client(t), started.ID); err != nil || end.State != carillon.StateCancelled {
		t.Errorf("after its cancellation %s, %v", end.State, err)
	}
}
