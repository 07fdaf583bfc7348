package carillon_test

import (
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
)

func TestRunsEndInFinalStates(t *testing.T) {
	t.Parallel()
	for state, want := range map[carillon.State]bool{
		carillon.StateQueued: false, carillon.StateRunning: false, carillon.StateRetrying: false,
		carillon.StateSucceeded: true, carillon.StateFailed: true, carillon.StateCancelled: true,
		carillon.StateSkipped: true, carillon.StateMissed: true, carillon.StateExpired: true, carillon.StateLost: true,
		"": false, "unknown": false,
	} {
		if got := state.Final(); got != want {
			t.Errorf("%q: got %t, want %t", state, got, want)
		}
	}
}

func TestPoliciesAreClosed(t *testing.T) {
	t.Parallel()
	for _, overlap := range []carillon.Overlap{"", "Skip", "skip ", "queued", "Replace"} {
		if overlap.Valid() {
			t.Errorf("overlap %q is valid", overlap)
		}
	}
	for _, policy := range []carillon.CatchUpPolicy{"", "Latest", "none", "all "} {
		if policy.Valid() {
			t.Errorf("catch-up policy %q is valid", policy)
		}
	}
}
