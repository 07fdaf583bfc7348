package planner_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
)

// A rule for a host takes hold of jobs that are there already, and lets go of them,
// with no change of theirs.
func TestARuleForAHostTakesHoldLive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	queue := carillon.Queue{Name: "api", Concurrency: 1, Weight: 1, Hosts: []carillon.Host{"example.com"}}
	define := func(data []byte) {
		if _, err := w.js.Publish(t.Context(), topology.Queue("api"), data); err != nil {
			t.Fatal(err)
		}
	}
	planned := func(queue string, least int) int {
		n := 0
		eventually.Succeeds(t, func() error {
			if n = len(w.messages(topology.QueueRuns(queue))); n < least {
				return fmt.Errorf("%d runs in queue %s", n, queue)
			}
			return nil
		})
		return n
	}
	define(wire.Encode(queue))
	def := everySecond(carillon.OverlapAllow, time.Now().Truncate(time.Second))
	w.publish(def)
	stop := w.start()
	defer stop()
	planned("api", 1)
	if n := planned("default", 0); n > 0 {
		t.Errorf("%d runs are in the queue default", n)
	}
	define([]byte(`{"name": "another"}`)) // ignored
	planned("api", planned("api", 0)+1)
	define(nil)
	planned("default", 1)
	define(wire.Encode(queue))
	planned("api", planned("api", 0)+1)
}
