package topology

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The streams and buckets.
const (
	JobsStream     = "JOBS"
	RunsStream     = "RUNS"
	OutcomesStream = "OUTCOMES"
	LeasesBucket   = "leases"
)

// LeaseTTL is how long a planner's lease outlives its last renewal. Two
// seconds, with a look every half second, keep a takeover within the promised 3 s.
const LeaseTTL = 2 * time.Second

// RevisionsKept is how many revisions of a job its stream keeps: all that can
// come to hold while no planner runs, for a planner has to know which revision
// held when.
const RevisionsKept = 16

// deduplication is as short as the server takes: no promise rests on it.
const deduplication = 100 * time.Millisecond

// mostOutcomes bounds what waits for Postgres: about 1.5 million runs. Beyond it
// the server refuses more, runners wait with theirs, and so do the queues.
const mostOutcomes = 1 << 30

// The keys of [LeasesBucket]: a planner's sign of life, followed by its name, and
// the lease of a partition, followed by its number.
const (
	PlannerLease   = "planner."
	PartitionLease = "partition."
)

// Ensure creates the streams and buckets with the given number of replicas,
// or brings existing ones up to date. It is safe to call from many services at
// once; it fails if the server cannot be reached or refuses.
func Ensure(ctx context.Context, js jetstream.JetStream, replicas int) error {
	for _, config := range Streams(replicas) {
		if _, err := js.CreateOrUpdateStream(ctx, config); err != nil {
			return fmt.Errorf("stream %s: %w", config.Name, err)
		}
	}
	for _, config := range Buckets(replicas) {
		if _, err := js.CreateOrUpdateKeyValue(ctx, config); err != nil {
			return fmt.Errorf("bucket %s: %w", config.Bucket, err)
		}
	}
	return nil
}

// Streams are the streams as [Ensure] wants them.
func Streams(replicas int) []jetstream.StreamConfig {
	all := []jetstream.StreamConfig{jobs(), runs(), outcomes(), signals()}
	for i := range all {
		all[i].Replicas = replicas
		all[i].Storage = jetstream.FileStorage
		all[i].Duplicates = deduplication
		all[i].AllowDirect = true
	}
	return all
}

// Buckets are the buckets as [Ensure] wants them.
func Buckets(replicas int) []jetstream.KeyValueConfig {
	all := []jetstream.KeyValueConfig{leases(), controls(), callbacks()}
	for i := range all {
		all[i].Replicas = replicas
	}
	return all
}

// Await calls [Ensure] until it works or ctx ends, telling report of every
// failure, so that a service can start before its server does.
func Await(ctx context.Context, js jetstream.JetStream, replicas int, report func(error)) error {
	for {
		err := Ensure(ctx, js, replicas)
		if err == nil {
			return nil
		}
		report(err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func jobs() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: JobsStream, Subjects: []string{"job.*.*", AllQueues, AllPauses, AllBackfills, AllSecrets},
		Retention: jetstream.LimitsPolicy, MaxMsgsPerSubject: RevisionsKept,
		AllowMsgTTL: true, AllowRollup: true,
	}
}

func runs() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:               RunsStream,
		Subjects:           []string{"run.*.*.*.ready", "run.*.*.*.retry.*", "run.*.*.*.callback.*", "skip.*.*", "mark.*"},
		Retention:          jetstream.WorkQueuePolicy, // unlimited: the server allows no DiscardNew beside message schedules
		AllowAtomicPublish: true, AllowMsgSchedules: true, AllowMsgTTL: true, AllowRollup: true,
	}
}

func outcomes() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: OutcomesStream, Subjects: []string{"outcome.*.*.*"},
		Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew, MaxBytes: mostOutcomes,
		RePublish: &jetstream.RePublish{Source: "outcome.>", Destination: "feed.>"},
	}
}

func leases() jetstream.KeyValueConfig {
	return jetstream.KeyValueConfig{
		Bucket: LeasesBucket, TTL: LeaseTTL, LimitMarkerTTL: LeaseTTL, History: 1,
		Storage: jetstream.FileStorage, // in memory, a restart of a lone server would lose the bucket itself
	}
}
