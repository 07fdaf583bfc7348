package planner

import (
	"log/slog"
	"maps"
	"time"

	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// cancelAgain is the pause before runs in flight are cancelled once more. It is
// longer than an answer is waited for, so that what is not answered does not add up.
const cancelAgain = 2 * courierTimeout

// canceller has the runs of jobs cancelled. It never waits: an order is published
// to the bucket, and what came of it is seen when it would be given again, which
// happens for as long as somebody asks.
type canceller struct {
	courier *courier
	orders  map[uuid.UUID]order // the last one of each job
	failed  int                 // orders since the last report
	reason  error               // of the last of them
}

// order is one cancellation and its answer to come.
type order struct {
	wire.Cancel
	answer jetstream.PubAckFuture
}

func newCanceller(courier *courier) *canceller {
	return &canceller{courier: courier, orders: map[uuid.UUID]order{}}
}

// cancel tells the runners to cancel the runs of a job from before an instant,
// unless it has just told them.
func (c *canceller) cancel(job uuid.UUID, before, now time.Time) {
	last := c.orders[job]
	if last.Before.Equal(before) && now.Sub(last.At).Abs() < cancelAgain {
		return
	}
	c.look(last)
	next := order{Cancel: wire.Cancel{JobID: job, Before: before, At: now.UTC(), Reason: "replaced by a later fire"}}
	var err error
	if next.answer, err = c.courier.publish(&nats.Msg{Subject: topology.CancelJobSubject(job), Data: wire.Encode(next.Cancel)}); err != nil {
		c.fail(err)
	}
	c.orders[job] = next
}

// look takes note of an order that failed.
func (c *canceller) look(last order) {
	if last.answer == nil {
		return
	}
	select {
	case err := <-last.answer.Err():
		c.fail(err)
	default:
	}
}

func (c *canceller) fail(err error) { c.failed, c.reason = c.failed+1, err }

// forget drops the orders of jobs that have none to come.
func (c *canceller) forget(over func(job uuid.UUID) bool) {
	maps.DeleteFunc(c.orders, func(job uuid.UUID, _ order) bool { return over(job) })
}

// report logs the orders that failed since the last report.
func (c *canceller) report() {
	if c.failed > 0 {
		slog.Warn("runs to be replaced not cancelled, trying again", "jobs", c.failed, "error", c.reason)
	}
	c.failed, c.reason = 0, nil
}
