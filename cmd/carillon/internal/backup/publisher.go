package backup

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// mostUnanswered bounds the messages under way.
const mostUnanswered = 1000

// publisher publishes in order, without waiting for each answer. It is not safe for
// concurrent use.
type publisher struct {
	js         jetstream.JetStream
	last       map[string]uint64 // sequence by stream
	unanswered []jetstream.PubAckFuture
}

func newPublisher(js jetstream.JetStream) *publisher {
	return &publisher{js: js, last: map[string]uint64{}}
}

// put publishes a message. That it was not stored may show only later.
func (p *publisher) put(ctx context.Context, subject string, data []byte) error {
	if len(p.unanswered) == mostUnanswered {
		if err := p.wait(ctx); err != nil {
			return err
		}
	}
	// The client must not send one again: later ones may have been stored by then.
	answer, err := p.js.PublishAsync(subject, data, jetstream.WithRetryAttempts(0))
	if err != nil {
		return fmt.Errorf("publish %s: %w", subject, err)
	}
	p.unanswered = append(p.unanswered, answer)
	return nil
}

// wait returns when all that was put has been answered; or why something of it is not
// stored.
func (p *publisher) wait(ctx context.Context) (failed error) {
	for _, answer := range p.unanswered {
		select {
		case ack := <-answer.Ok():
			p.last[ack.Stream] = ack.Sequence
		case err := <-answer.Err():
			failed = fmt.Errorf("publish %s: %w", answer.Msg().Subject, err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	p.unanswered = p.unanswered[:0]
	return failed
}
