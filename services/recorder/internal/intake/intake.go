// Package intake takes messages from OUTCOMES.
//
// All recorders share one durable consumer, so the server hands each message to
// one of them. A recorder holds a bounded number: those it has asked for in
// advance, and those further on that it has not answered yet. When nobody takes
// them any more, it stops asking, and OUTCOMES keeps the rest on disk.
//
// A lost connection mends itself. Whatever else breaks is mended by starting
// over: make sure of the streams, make sure of the consumer, consume.
package intake

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/shared/lull"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// setupTimeout bounds the requests before the first message.
	setupTimeout = 5 * time.Second
	// restartPause lies between two starts: the server may be busy electing.
	restartPause = 250 * time.Millisecond
	// heartbeat is how often the server confirms a request that it has no
	// message for; two that stay out mean that the request was lost.
	heartbeat = 5 * time.Second
)

// Config says what to take.
type Config struct {
	Connection *nats.Conn
	JetStream  jetstream.JetStream // over Connection
	// Replicas is how many copies the streams keep, should they have to be made.
	Replicas int
	// Prefetch is how many messages are asked for in advance.
	Prefetch int
	Health   *service.Health
}

// intake sends messages to out until it has ended.
type intake struct {
	Config
	mu    sync.Mutex
	out   chan<- jetstream.Msg
	ended bool
}

// Run sends every message to out until ctx ends. Then it sends what had been
// delivered already, closes out, and returns. It reports on the parts "nats",
// the connection, and "outcomes", the consumer, of health.
func Run(ctx context.Context, config Config, out chan<- jetstream.Msg) {
	i := &intake{Config: config, out: out}
	defer i.end()
	defer config.watch()()
	for ctx.Err() == nil {
		if err := i.consume(ctx); err != nil && ctx.Err() == nil {
			config.Health.NotReady("outcomes", err.Error())
			slog.Warn("intake broken, will start over", "error", err)
			lull.For(ctx, restartPause)
		}
	}
}

// consume takes messages until ctx ends or something breaks.
func (i *intake) consume(ctx context.Context) error {
	consumer, err := i.consumer(ctx)
	if err != nil {
		return err
	}
	broken := make(chan error, 1)
	consuming, err := consumer.Consume(i.take, jetstream.PullMaxMessages(i.Prefetch),
		jetstream.PullHeartbeat(heartbeat), jetstream.ConsumeErrHandler(firstInto(broken)))
	if err != nil {
		return err
	}
	defer i.finish(consuming)
	i.Health.Ready("outcomes")
	select {
	case <-ctx.Done():
		return nil
	case err := <-broken:
		return err
	}
}

func (i *intake) consumer(ctx context.Context) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	if err := topology.Ensure(ctx, i.JetStream, i.Replicas); err != nil {
		return nil, err
	}
	return i.JetStream.CreateOrUpdateConsumer(ctx, topology.OutcomesStream, topology.RecorderConsumer())
}

// take hands a message on. While nobody takes it, no further one is delivered.
func (i *intake) take(msg jetstream.Msg) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.ended {
		i.out <- msg
	}
}

// finish lets the messages that were delivered through. Without a connection
// that would wait for the server's word, and they come again anyhow.
func (i *intake) finish(consuming jetstream.ConsumeContext) {
	if i.Connection.IsConnected() {
		consuming.Drain()
	} else {
		consuming.Stop()
	}
	<-consuming.Closed()
}

// end closes out. A stopped consumption may still be in its last call of take.
func (i *intake) end() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ended = true
	close(i.out)
}

// firstInto keeps the first of several errors.
func firstInto(broken chan<- error) jetstream.ConsumeErrHandlerFunc {
	return func(_ jetstream.ConsumeContext, err error) {
		select {
		case broken <- err:
		default:
		}
	}
}
