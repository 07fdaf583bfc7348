package planner

import (
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// courierTimeout bounds the wait for an answer.
	courierTimeout = time.Second
	// mostUnanswered bounds the messages under way: half of what the client takes
	// before it makes its caller wait.
	mostUnanswered = 2000
)

// courier publishes what the loop does not wait for. It never blocks.
type courier struct {
	common jetstream.JetStream
	js     jetstream.JetStream // its own, for answers that do not come; made at first use
}

// publish returns the answer to come, or why the message was not sent: also if too
// many wait for theirs.
func (c *courier) publish(msg *nats.Msg, options ...jetstream.PublishOpt) (jetstream.PubAckFuture, error) {
	if c.js == nil {
		js, err := jetstream.New(c.common.Conn(), jetstream.WithPublishAsyncTimeout(courierTimeout))
		if err != nil {
			return nil, err
		}
		c.js = js
	}
	if c.js.PublishAsyncPending() >= mostUnanswered {
		return nil, jetstream.ErrTooManyStalledMsgs
	}
	return c.js.PublishMsgAsync(msg, options...)
}
