package topology

import (
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/nats-io/nats.go/jetstream"
)

// AckWait is how long a delivered run may go without a sign of life from its
// runner before another runner gets it.
const AckWait = 10 * time.Second

// QueueConsumer is the consumer of a queue's ready runs. Its MaxAckPending is
// the queue's concurrency, so the server itself holds the limit over all runners.
func QueueConsumer(queue carillon.Queue) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable: QueueConsumerName(queue.Name), FilterSubject: "run.*.*." + queue.Name + ".ready",
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: AckWait, MaxAckPending: queue.Concurrency,
	}
}

// QueueConsumerName is the durable name of a queue's consumer.
func QueueConsumerName(queue string) string { return "queue-" + queue }

// SkipConsumer is the consumer of the fires that planners decided against.
func SkipConsumer() jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable: "skips", FilterSubject: AllSkips,
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: AckWait, MaxAckPending: 10_000,
	}
}

// CallbackConsumer is the consumer of the runs whose wait for a callback is over.
// It is apart from the queues, because such a run is not called: no limit, rate
// or pause of its queue is meant for it.
func CallbackConsumer() jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable: "callbacks", FilterSubject: "run.*.*.*.callback.*",
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: AckWait, MaxAckPending: 10_000,
	}
}

// RecorderConsumer is the consumer of all outcomes. MaxAckPending bounds what
// all recorders hold in memory while Postgres is away.
func RecorderConsumer() jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable: "recorder", AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: AckWait, MaxAckPending: 20_000,
	}
}
