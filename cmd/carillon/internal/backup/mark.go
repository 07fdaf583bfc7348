package backup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go/jetstream"
)

// stand is the mark of a partition and where it is in RUNS: the zero stand for a
// partition of which nothing was ever planned.
type stand struct {
	Mark     wire.Mark `json:"mark"`
	Sequence uint64    `json:"sequence"`
}

// readMarks reads the marks of all partitions, in order.
func (c *connected) readMarks(ctx context.Context) ([]stand, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	stands := make([]stand, carillon.Partitions)
	for p := range stands {
		msg, err := bus.Last(ctx, c.nc, topology.RunsStream, topology.Mark(p))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err == nil {
			stands[p].Sequence = msg.Sequence
			stands[p].Mark, err = wire.Decode[wire.Mark](msg.Data)
		}
		if err != nil {
			return nil, fmt.Errorf("read the marks (is NATS_URL that of this Carillon?): %w", err)
		}
	}
	return stands, nil
}

// planning reports whether some planner holds a lease.
func (c *connected) planning(ctx context.Context) (bool, error) {
	bucket, err := c.js.KeyValue(ctx, topology.LeasesBucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return false, nil // there was never one
	}
	if err != nil {
		return false, fmt.Errorf("read the leases: %w", err)
	}
	leases, err := bucket.Keys(ctx)
	if errors.Is(err, jetstream.ErrNoKeysFound) {
		return false, nil
	}
	return len(leases) > 0, err
}

// restored is the mark that a partition goes on from, by its marks before and after
// the backup: nothing up to an instant is called that is beyond it. Seen is how far
// JOBS goes now. What the marks of a system doubt that was restored itself, is
// doubtful still.
func restored(before, after stand, until time.Time, seen uint64) wire.Mark {
	mark := wire.Mark{Reach: before.Mark.Reach, Floor: before.Mark.At, Held: before.Mark.Held, Planner: "restore", Batch: 1}
	mark.Restored = latest(until, latest(before.Mark.Restored, after.Mark.Restored))
	mark.Seen = seen
	if before.Sequence == after.Sequence && len(before.Mark.Past) == 0 {
		return mark // it says itself what was planned
	}
	for _, reached := range []wire.Mark{before.Mark, after.Mark} {
		for _, reach := range append([]wire.Reach{reached.Reach}, reached.Past...) {
			mark.Restored = latest(mark.Restored, reach.At)
		}
	}
	return mark
}

// needed is the instant from which on a partition's planner has to know which
// revisions held.
func needed(mark wire.Mark) time.Time {
	from := mark.At
	for _, waiting := range mark.Held {
		for _, fire := range waiting {
			if fire.At.Before(from) {
				from = fire.At
			}
		}
	}
	return from
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
