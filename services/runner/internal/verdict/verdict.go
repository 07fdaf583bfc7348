// Package verdict decides what an attempt means for its run.
//
//	attempt good ────────────────────────────▶ succeeded
//	attempt failed, no attempt left ─────────▶ failed
//	attempt failed, trying again is no use ──▶ failed
//	attempt failed otherwise ────────────────▶ retrying, after a delay
//
// Trying again is no use where nothing about the next attempt could differ: a
// blocked address stays blocked until somebody changes a setting or the job, and an
// answer too large to be judged is as large the next time. What
// else is of use is the job's word (carillon.Retry). A target that says when it
// wants to be called again is not called before.
// It decides only; who waits, where, and what is written is for the caller.
package verdict

import (
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/backoff"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

// Verdict is the state that an attempt puts its run in.
type Verdict struct {
	// State is succeeded, failed or retrying.
	State carillon.State
	// Reason is a short sentence; empty for succeeded.
	Reason string
	// Delay is the wait before the next attempt, where there is one.
	Delay time.Duration
}

// Of judges an attempt under a job's retry policy.
func Of(attempt wire.Attempt, retry carillon.Retry, jitter backoff.Jitter) Verdict {
	switch {
	case attempt.Class == "":
		return Verdict{State: carillon.StateSucceeded}
	case attempt.Class == wire.ClassBlocked, attempt.Class == wire.ClassTooLarge:
		return Verdict{State: carillon.StateFailed, Reason: attempt.Error}
	case !retry.Again(string(attempt.Class), attempt.Status):
		return Verdict{State: carillon.StateFailed, Reason: reason(attempt, retry) + "; not tried again"}
	case attempt.Number >= retry.MaxAttempts:
		return Verdict{State: carillon.StateFailed, Reason: reason(attempt, retry)}
	}
	return Verdict{
		State: carillon.StateRetrying, Reason: reason(attempt, retry),
		Delay: max(backoff.Delay(retry, attempt.Number, jitter), asked(attempt, jitter)),
	}
}

// spread bounds the random time by which retries that were asked for the same
// instant are told apart.
const spread = 10 * time.Second

// asked is the wait that the target asked for, and a little more; 0 for none.
func asked(attempt wire.Attempt, jitter backoff.Jitter) time.Duration {
	if attempt.RetryAt == nil {
		return 0
	}
	wait := attempt.RetryAt.Sub(attempt.FinishedAt)
	if wait <= 0 {
		return 0
	}
	return wait + jitter(min(wait/10, spread))
}

func reason(attempt wire.Attempt, retry carillon.Retry) string {
	return fmt.Sprintf("attempt %d of %d: %s", attempt.Number, max(retry.MaxAttempts, attempt.Number), attempt.Error)
}
