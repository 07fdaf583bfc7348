package commit

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/plan"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

// commitTimeout bounds the wait for the server's answer to one batch.
const commitTimeout = 5 * time.Second

// Waits between tries of the same commit.
const (
	minWait = 10 * time.Millisecond
	maxWait = time.Second
)

// Mark is a partition's mark and where it stands in the stream: sequence 0 for
// a partition that has none yet.
type Mark struct {
	wire.Mark
	Sequence uint64
}

// Stale says that marks are not where this planner left them: another planner
// has moved on from there. Nothing was stored.
type Stale struct{ Partitions []int }

func (s *Stale) Error() string {
	return fmt.Sprintf("partitions %v: another planner moved the mark", s.Partitions)
}

// Committer writes batches for one planner.
type Committer struct {
	js    jetstream.JetStream
	name  string      // of the planner, in its marks
	sound func() bool // may the decisions still be gone by?
	sent  uint64      // batches so far
}

// New returns a committer for the planner of the given unique name. It tries a
// batch again only while sound says that the clock is trusted by which it was
// decided.
func New(js jetstream.JetStream, name string, sound func() bool) *Committer {
	return &Committer{js: js, name: name, sound: sound}
}

// ErrLate says that a batch could not be stored for so long that its decisions
// have to be made anew. It may still be stored: the marks will tell.
var ErrLate = errors.New("the batch was not stored in time")

// Commit stores a batch and updates marks to what was stored. It tries for as
// long as the decisions are fresh, and sound. If runs of some jobs are in the way,
// the batch is decided anew. It fails with *[Stale], with [ErrLate], or when ctx
// ends.
func (c *Committer) Commit(ctx context.Context, batch *plan.Batch, marks map[int]Mark) error {
	c.sign(batch)
	start := time.Now()
	for wait := minWait; ; wait = min(2*wait, maxWait) {
		stored, again, err := c.try(ctx, batch, marks)
		var stale *Stale
		switch {
		case stored || errors.As(err, &stale):
			return err
		case again && batch.Idle():
			return nil
		case again:
			continue // the batch has stepped aside, to be sent at once
		case time.Since(start) > plan.Grace || !c.sound():
			return fmt.Errorf("%w: %w", ErrLate, err)
		}
		slog.Warn("commit not stored, trying again", "error", err, "fires", len(batch.Decisions))
		retries.Inc()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// sign marks a batch as this planner's next one.
func (c *Committer) sign(batch *plan.Batch) {
	c.sent++
	for p, mark := range batch.Marks {
		mark.Planner, mark.Batch = c.name, c.sent
		batch.Marks[p] = mark
	}
}

// try sends the batch once and settles what came of it: stored, or changed and
// worth sending again at once, or an error.
func (c *Committer) try(ctx context.Context, batch *plan.Batch, marks map[int]Mark) (stored, again bool, err error) {
	partitions := slices.Sorted(maps.Keys(batch.Marks))
	last, sendErr := c.send(ctx, messages(batch, marks, partitions))
	if sendErr == nil {
		adopt(marks, positions(batch, partitions, last))
		return true, false, nil
	}
	stored, err = c.settle(ctx, batch, marks)
	if err != nil || stored {
		return stored, false, err
	}
	if bus.Refused(sendErr) {
		again, err = c.stepAside(ctx, batch)
	}
	if !again && err == nil {
		err = sendErr
	}
	return false, again, err
}

// send publishes the messages, of which there is one at least, as one atomic batch
// and returns the stream sequence of the last one.
func (c *Committer) send(ctx context.Context, messages iter.Seq[*nats.Msg]) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	// No flow control: at this size it only costs round trips.
	publisher, err := jetstreamext.NewBatchPublisher(c.js, jetstreamext.BatchFlowControl{})
	if err != nil {
		return 0, err
	}
	var last *nats.Msg
	for msg := range messages {
		if last != nil {
			err = publisher.AddMsg(last)
		}
		if last = msg; err != nil {
			return 0, err
		}
	}
	ack, err := publisher.CommitMsg(ctx, last)
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

// ReadMark reads the mark of a partition; its sequence is 0 if there is none.
func ReadMark(ctx context.Context, js jetstream.JetStream, partition int) (Mark, error) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	stream, err := js.Stream(ctx, topology.RunsStream)
	if err != nil {
		return Mark{}, err
	}
	msg, err := stream.GetLastMsgForSubject(ctx, topology.Mark(partition))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Mark{}, nil
	}
	if err != nil {
		return Mark{}, err
	}
	mark, err := wire.Decode[wire.Mark](msg.Data)
	return Mark{Mark: mark, Sequence: msg.Sequence}, err
}
