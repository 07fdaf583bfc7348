package bus

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Entry is a message that a follower sees.
type Entry struct {
	Subject  string
	Data     []byte // valid only during the call
	Sequence uint64
}

// Follow calls handle with the newest message of every subject that matches
// filter, and then with each further message as it comes, in the order of the
// stream and from one goroutine. It returns once the past has been handled; the
// following goes on in the background, across reconnects, until stop is called.
//
// The stream has to keep one message per subject, like JOBS. On any other, the
// server (2.15) stalls when a message of the past is replaced before its turn,
// until somebody publishes again.
func Follow(ctx context.Context, js jetstream.JetStream, stream, filter string, handle func(Entry)) (stop func(), err error) {
	consumer, err := js.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{filter}, DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy,
	})
	if err != nil {
		return nil, fmt.Errorf("follow %s: %w", filter, err)
	}
	caughtUp := make(chan struct{}, 1)
	consuming, err := consumer.Consume(func(msg jetstream.Msg) {
		meta, err := msg.Metadata()
		if err != nil {
			return // not a JetStream message: nothing that was published to the stream
		}
		handle(Entry{Subject: msg.Subject(), Data: msg.Data(), Sequence: meta.Sequence.Stream})
		if meta.NumPending == 0 {
			signal(caughtUp)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("follow %s: %w", filter, err)
	}
	if err := awaitPast(ctx, consumer, caughtUp); err != nil {
		consuming.Stop()
		return nil, err
	}
	return consuming.Stop, nil
}

// awaitPast waits until everything that stood in the stream has been handled.
// The server is asked too, for where nothing stood there no message says so.
func awaitPast(ctx context.Context, consumer jetstream.Consumer, caughtUp <-chan struct{}) error {
	const look = 100 * time.Millisecond
	for {
		info, err := consumer.Info(ctx)
		if err == nil && info.NumPending == 0 && info.Delivered.Consumer == 0 {
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

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
