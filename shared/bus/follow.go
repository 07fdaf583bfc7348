package bus

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Entry is a message that a follower sees.
type Entry struct {
	Subject  string
	Data     []byte // valid only during the call
	Sequence uint64
}

// Follow calls handle with every message that the stream keeps on the subjects
// that match filter, and then with each further one as it comes, in the order
// of the stream and from one goroutine. Of several messages on one subject the
// last is the newest. Follow returns once the past has been handled; the
// following goes on in the background, across reconnects, until stop is called.
func Follow(ctx context.Context, js jetstream.JetStream, stream, filter string, handle func(Entry)) (stop func(), err error) {
	// Only the last per subject would be less to read, but the server (2.15) then
	// stalls when a message of the past is replaced before its turn.
	consumer, err := js.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{filter}, DeliverPolicy: jetstream.DeliverAllPolicy,
	})
	if err != nil {
		return nil, fmt.Errorf("follow %s: %w", filter, err)
	}
	var handled atomic.Pointer[jetstream.MsgMetadata]
	caughtUp := make(chan struct{}, 1)
	consuming, err := consumer.Consume(func(msg jetstream.Msg) {
		meta, err := msg.Metadata()
		if err != nil {
			return // not a JetStream message: nothing that was published to the stream
		}
		handle(Entry{Subject: msg.Subject(), Data: msg.Data(), Sequence: meta.Sequence.Stream})
		handled.Store(meta)
		if meta.NumPending == 0 {
			signal(caughtUp)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("follow %s: %w", filter, err)
	}
	if err := awaitPast(ctx, consumer, &handled, caughtUp); err != nil {
		consuming.Stop()
		return nil, err
	}
	return consuming.Stop, nil
}

// awaitPast waits until everything that stood in the stream has been handled.
// The server is asked too: where nothing stood there, or the last message was
// removed before its turn, no message says so.
func awaitPast(ctx context.Context, consumer jetstream.Consumer, handled *atomic.Pointer[jetstream.MsgMetadata], caughtUp <-chan struct{}) error {
	const look = 100 * time.Millisecond
	for {
		info, err := consumer.Info(ctx)
		if err == nil && info.NumPending == 0 && reached(handled.Load(), info) {
			return nil
		}
		select {
		case <-caughtUp:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(look):
		}
	}
}

// reached reports whether the last message handled is the last one delivered. An
// ordered consumer may have begun anew meanwhile, under another name.
func reached(last *jetstream.MsgMetadata, info *jetstream.ConsumerInfo) bool {
	delivered := info.Delivered.Consumer
	return delivered == 0 || last != nil && last.Consumer == info.Name && last.Sequence.Consumer >= delivered
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
