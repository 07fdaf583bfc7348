package backfillstore

import (
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/wire"
)

func TestUntilWhenPlannersMayHandOut(t *testing.T) {
	t.Parallel()
	now := time.Now()
	stored := func(ended bool, ago time.Duration) Message {
		return Message{wire.Backfill{Ended: ended}, now.Add(-ago)}
	}
	for name, test := range map[string]struct {
		message   Message
		cancelled bool
		want      bool
	}{
		"is being handed out":              {stored(false, time.Hour), false, true},
		"was handed out":                   {stored(true, time.Hour), false, true},
		"cancelled, and not published":     {Message{}, true, true},
		"cancelled, and only begun so far": {stored(false, time.Hour), true, true},
		"cancelled a moment ago":           {stored(true, 59*time.Second), true, true},
		"cancelled a minute ago":           {stored(true, time.Minute), true, false},
	} {
		if got := test.message.open(test.cancelled, now); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
