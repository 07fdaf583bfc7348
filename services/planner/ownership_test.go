package planner

import (
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
)

// A planner that lags behind what a mark had seen waits for it, however long that
// takes; unless JOBS, restored from an older copy, does not have it.
func TestAPlannerWaitsForWhatTheMarkHadSeen(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Streams()
	if _, err := js.Publish(t.Context(), topology.Queue("low"), nil); err != nil { // the first of JOBS
		t.Fatal(err)
	}
	l, long := newLoop(js, "p", nil, nil), time.Now().Add(-time.Hour)
	for p, seen := range []uint64{0, 1, 2} {
		mark := wire.Mark{Reach: wire.Reach{Seen: seen}}
		if _, err := js.Publish(t.Context(), topology.Mark(p), wire.Encode(mark)); err != nil {
			t.Fatal(err)
		}
		l.waiting[p] = waiting{since: long, again: long}
	}
	l.enter(t.Context())
	for p, owned := range []bool{true, false, true} {
		if _, ok := l.marks[p]; ok != owned {
			t.Errorf("the partition whose mark had seen %d: owned %t", p, ok)
		}
	}
}
