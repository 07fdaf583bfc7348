package topology

import (
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/nats-io/nats.go/jetstream"
)

// AckWait is how long a delivered run may go without a sign of life from its
// runner before another runner gets it.
const AckWait = 10 * time.Second

// RateGroup is the priority group of those who take from the consumer of a queue
// that has a rate. One of them is served at a time, so that its own count is exact.
const RateGroup = "rate"

// PinTTL is how long the one who is served may go without a request before
// another is served.
const PinTTL = 3 * time.Second

// QueueConsumer is the consumer of a queue's ready runs. Its MaxAckPending is
// the queue's concurrency, so the server itself holds the limit over all runners.
func QueueConsumer(queue carillon.Queue) jetstream.ConsumerConfig {
	config := jetstream.ConsumerConfig{
		Durable: QueueConsumerName(queue.Name), FilterSubject: "run.*.*." + queue.Name + ".ready",
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: AckWait, MaxAckPending: queue.Concurrency,
	}
	if queue.Rate != nil {
		config.PriorityPolicy, config.PriorityGroups, config.PinnedTTL = jetstream.PriorityPolicyPinned, []string{RateGroup}, PinTTL
	}
	return config
}

// Unrated returns a queue's consumer without its rate.
func Unrated(config jetstream.ConsumerConfig) jetstream.ConsumerConfig {
	config.PriorityPolicy, config.PriorityGroups, config.PinnedTTL = jetstream.PriorityPolicyNone, nil, 0
	return config
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
