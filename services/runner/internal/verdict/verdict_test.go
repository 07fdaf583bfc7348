package verdict

import (
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

func TestOf(t *testing.T) {
	t.Parallel()
	retry := carillon.Retry{MaxAttempts: 3, MinBackoff: carillon.Duration(time.Second), MaxBackoff: carillon.Duration(time.Minute)}
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
