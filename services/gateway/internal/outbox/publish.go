package outbox

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// tombstoneTTL is how long the news of an end stays in the stream: that of a queue,
// of a secret or of a backfill. Who was away for longer loads the stream anew.
const tombstoneTTL = 7 * 24 * time.Hour

// publish sends all rows and returns the ids of those that are done. A row that
// fails stays, and so do the later ones of its subject, which are not sent.
func (r *Relay) publish(ctx context.Context, batch []row) (done []int64, failed error) {
	stuck := map[string]bool{}
	for _, round := range rounds(batch) {
		round = slices.DeleteFunc(round, func(row row) bool { return stuck[row.Subject] })
		acks := make([]ack, len(round))
		for i, row := range round {
			acks[i] = r.send(row)
		}
		for i, row := range round {
			if err := acks[i].wait(ctx); err != nil && !known(row, err) {
				failed = fmt.Errorf("publish %s: %w", row.Subject, err)
				stuck[row.Subject] = true
				continue
			}
			done = append(done, row.ID)
		}
	}
	return done, failed
}

// rounds cuts rows into rounds that hold one row of a subject at most. Each is
// stored before the next is sent: readers ignore an earlier revision after a later
// one, so the stream must never have them in that order.
func rounds(batch []row) (rounds [][]row) {
	sent := map[string]int{}
	for _, row := range batch {
		n := sent[row.Subject]
		if sent[row.Subject]++; n == len(rounds) {
			rounds = append(rounds, nil)
		}
		rounds[n] = append(rounds[n], row)
	}
	return rounds
}

// ack is the server's answer to come, or why there is none.
type ack struct {
	future jetstream.PubAckFuture
	err    error
}

func (r *Relay) send(row row) ack {
	future, err := r.js.PublishMsgAsync(message(row), options(row)...)
	return ack{future, err}
}

// replaces reports whether only the newest message of a row's subject counts, and
// an empty one says that there is nothing any more.
func replaces(row row) bool { return topology.IsQueue(row.Subject) || topology.IsSecret(row.Subject) }

// message is a row's message. That of a queue, of a secret or of a backfill takes
// the place of the ones before it. Of a job the stream keeps some revisions, for planners that
// come later; what a deleted job leaves, planners tidy up once nobody needs it.
func message(row row) *nats.Msg {
	msg := &nats.Msg{Subject: row.Subject, Data: row.Payload}
	if replaces(row) || topology.IsBackfill(row.Subject) {
		msg.Header = nats.Header{jetstream.MsgRollup: {jetstream.MsgRollupSubject}}
	}
	return msg
}

func (a ack) wait(ctx context.Context) error {
	if a.err != nil {
		return a.err
	}
	select {
	case <-a.future.Ok():
		return nil
	case err := <-a.future.Err():
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// options forbids the client to send a message once more: by then later ones of
// its subject may have been stored.
func options(row row) []jetstream.PublishOpt {
	options := []jetstream.PublishOpt{jetstream.WithRetryAttempts(0)}
	switch {
	case replaces(row) && len(row.Payload) == 0, endsBackfill(row):
		options = append(options, jetstream.WithMsgTTL(tombstoneTTL))
	case topology.IsBackfill(row.Subject):
		options = append(options, jetstream.WithExpectLastSequencePerSubject(0))
	}
	return options
}

// endsBackfill reports whether a row is the news that a backfill was cancelled.
func endsBackfill(row row) bool {
	if !topology.IsBackfill(row.Subject) {
		return false
	}
	message, err := wire.Decode[wire.Backfill](row.Payload)
	return err == nil && message.Ended
}

// known reports whether a refusal says that the server has had a backfill before.
// Its end may stand there by now, and to begin it anew would run it twice.
func known(row row, err error) bool { return topology.IsBackfill(row.Subject) && bus.Refused(err) }
