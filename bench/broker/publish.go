package broker

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// mostPending bounds the messages that the server has not answered yet.
const mostPending = 4096

// Publish stores n messages as fast as it can, and calls done after each.
func (b *Broker) Publish(ctx context.Context, n int, message func(i int) *nats.Msg, done func(i int)) error {
	js, err := jetstream.New(b.nc, jetstream.WithPublishAsyncMaxPending(mostPending))
	if err != nil {
		return err
	}
	for i := range n {
		if _, err := js.PublishMsgAsync(message(i), jetstream.WithStallWait(time.Minute)); err != nil {
			return err
		}
		done(i)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-js.PublishAsyncComplete():
		return nil
	}
}
