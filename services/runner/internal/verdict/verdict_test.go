package verdict

import (
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/backoff"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/wire"
)

func TestOf(t *testing.T) {
	t.Parallel()
	retry := carillon.Retry{MaxAttempts: 3, MinBackoff: carillon.Duration(time.Second), MaxBackoff: carillon.Duration(time.Minute)}
	inAMinute := time.Date(2026, time.March, 1, 12, 1, 0, 0, time.UTC)
	ended := inAMinute.Add(-time.Minute)
	tests := map[string]struct {
		attempt wire.Attempt
		want    Verdict
	}{
		"good": {wire.Attempt{Number: 1, Status: 200}, Verdict{State: carillon.StateSucceeded}},
		"failed, attempts left": {
			wire.Attempt{Number: 2, Status: 500, Class: wire.ClassStatus, Error: "the target answered 500"},
			Verdict{State: carillon.StateRetrying, Reason: "attempt 2 of 3: the target answered 500", Delay: 2 * time.Second},
		},
		"failed for the last time": {
			wire.Attempt{Number: 3, Class: wire.ClassTimeout, Error: "no answer"},
			Verdict{State: carillon.StateFailed, Reason: "attempt 3 of 3: no answer"},
		},
		"policy lowered meanwhile": {
			wire.Attempt{Number: 5, Class: wire.ClassTimeout, Error: "no answer"},
			Verdict{State: carillon.StateFailed, Reason: "attempt 5 of 5: no answer"},
		},
		"blocked is never tried again": {
			wire.Attempt{Number: 1, Class: wire.ClassBlocked, Error: "127.0.0.1 is reserved"},
			Verdict{State: carillon.StateFailed, Reason: "127.0.0.1 is reserved"},
		},
		"nor is what is too large to be judged": {
			wire.Attempt{Number: 1, Status: 200, Class: wire.ClassTooLarge, Error: "the answer is longer than 256 KiB"},
			Verdict{State: carillon.StateFailed, Reason: "the answer is longer than 256 KiB"},
		},
		"an answer that says that the request is wrong": {
			wire.Attempt{Number: 1, Status: 404, Class: wire.ClassStatus, Error: "the target answered 404"},
			Verdict{State: carillon.StateFailed, Reason: "attempt 1 of 3: the target answered 404; not tried again"},
		},
		"the target says when": {
			wire.Attempt{Number: 1, Status: 503, Class: wire.ClassStatus, Error: "the target answered 503", FinishedAt: ended, RetryAt: &inAMinute},
			Verdict{State: carillon.StateRetrying, Reason: "attempt 1 of 3: the target answered 503", Delay: time.Minute + 6*time.Second},
		},
		"the target said so long ago": {
			wire.Attempt{Number: 1, Status: 503, Class: wire.ClassStatus, Error: "the target answered 503", FinishedAt: inAMinute, RetryAt: &ended},
			Verdict{State: carillon.StateRetrying, Reason: "attempt 1 of 3: the target answered 503", Delay: time.Second},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Of(test.attempt, retry, func(ceiling time.Duration) time.Duration { return ceiling })
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// TestEachClassCanBeAskedFor holds the words of a job's retry rule and the classes of
// failure together.
func TestEachClassCanBeAskedFor(t *testing.T) {
	t.Parallel()
	for _, class := range []wire.Class{wire.ClassConnect, wire.ClassDNS, wire.ClassTLS, wire.ClassTimeout, wire.ClassProtocol, wire.ClassAssertion, wire.ClassAuth} {
		document := carillon.Document{Name: "x", Target: carillon.Target{URL: "https://a.example"}}.WithDefaults()
		document.Schedule.Every = schedule.Duration(time.Hour)
		document.Retry.On = []string{string(class)}
		if err := document.Validate(); err != nil {
			t.Errorf("%s: %v", class, err)
		}
		if got := Of(wire.Attempt{Number: 1, Class: class}, document.Retry, backoff.Full); got.State != carillon.StateRetrying {
			t.Errorf("%s: %+v", class, got)
		}
	}
}
