package doctor

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go/jetstream"
)

// planners says who plans, by their leases.
func (r *report) planners(ctx context.Context, js jetstream.JetStream) {
	planners, partitions, err := leases(ctx, js)
	switch {
	case err != nil:
		r.fail("planners", "mend the bucket first", "their leases cannot be read: %v", err)
	case planners == 0:
		r.fail("planners", "start a planner; its /readyz says what keeps it", "none is there: nothing is planned")
	case partitions < carillon.Partitions:
		r.fail("planners", "look again in five seconds; if it stays, the planners' /readyz says what keeps them", "%d, which plan %d of %d partitions", planners, partitions, carillon.Partitions)
	default:
		r.ok("planners", "%d, which plan all %d partitions", planners, partitions)
	}
}

func leases(ctx context.Context, js jetstream.JetStream) (planners, partitions int, err error) {
	bucket, err := js.KeyValue(ctx, topology.LeasesBucket)
	if err != nil {
		return 0, 0, err
	}
	keys, err := bucket.ListKeys(ctx)
	if err != nil {
		return 0, 0, err
	}
	for key := range keys.Keys() {
		switch {
		case strings.HasPrefix(key, topology.PlannerLease):
			planners++
		case strings.HasPrefix(key, topology.PartitionLease):
			partitions++
		}
	}
	return planners, partitions, nil
}

// looks are how often somebody is looked for who may be between two requests, and
// lookEvery lies between two.
const (
	looks     = 3
	lookEvery = 300 * time.Millisecond
)

// runners says who takes runs, by what is asked of the queues' consumers.
func (r *report) runners(ctx context.Context, js jetstream.JetStream) {
	queues, err := readQueues(ctx, js)
	if err != nil {
		r.fail("runners", "mend the stream first", "the queues cannot be read: %v", err)
		return
	}
	if len(queues) == 0 {
		r.fail("queues", "start a gateway, which publishes them; else carillon resync", "none is known to the runners")
		return
	}
	var asking, held, waiting int
	for range looks {
		found := len(*r)
		asking, held, waiting = r.demand(ctx, js, queues)
		if asking+held > 0 || len(*r) > found {
			break
		}
		pause(ctx)
	}
	switch {
	case asking+held > 0:
		r.ok("runners", "at work on %d queues; %d runs wait, %d are being called", len(queues), waiting, held)
	case waiting == 0 && allPaused(queues):
		r.warn("runners", "resume a queue, and look again", "all queues are paused, so it cannot be told whether there are any")
	default:
		r.fail("runners", "start a runner; its /readyz says what keeps it", "none asks for runs; %d runs wait", waiting)
	}
}

// demand is how much runners ask for and have in their hands, and how many runs wait.
// What is wrong with a consumer is said.
func (r *report) demand(ctx context.Context, js jetstream.JetStream, queues []carillon.Queue) (asking, held, waiting int) {
	for _, queue := range queues {
		info := r.consumer(ctx, js, topology.RunsStream, topology.QueueConsumer(queue), "queue "+queue.Name)
		if info != nil {
			asking, held, waiting = asking+info.NumWaiting, held+info.NumAckPending, waiting+int(info.NumPending)
		}
	}
	return asking, held, waiting
}

func allPaused(queues []carillon.Queue) bool {
	for _, queue := range queues {
		if !queue.Paused {
			return false
		}
	}
	return true
}

func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(lookEvery):
	}
}

// readQueues returns the queues as runners know them.
func readQueues(ctx context.Context, js jetstream.JetStream) (queues []carillon.Queue, err error) {
	stream, err := js.Stream(ctx, topology.JobsStream)
	if err != nil {
		return nil, err
	}
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(topology.AllQueues))
	if err != nil {
		return nil, err
	}
	for subject := range info.State.Subjects {
		msg, err := stream.GetLastMsgForSubject(ctx, subject)
		if err != nil {
			return nil, err
		}
		var queue carillon.Queue
		if json.Unmarshal(msg.Data, &queue) == nil { // an empty body is a queue that was deleted
			queues = append(queues, queue)
		}
	}
	return queues, nil
}

// consumer returns what the server knows of a consumer; nil if it is not there, or
// not as it should be, which is said.
func (r *report) consumer(ctx context.Context, js jetstream.JetStream, stream string, wanted jetstream.ConsumerConfig, part string) *jetstream.ConsumerInfo {
	found, err := js.Consumer(ctx, stream, wanted.Durable)
	if err != nil {
		r.fail(part, "start the service that takes from it, which makes it", "its consumer %s: %v", wanted.Durable, err)
		return nil
	}
	info := found.CachedInfo()
	if info.Config.MaxAckPending != wanted.MaxAckPending || info.Config.FilterSubject != wanted.FilterSubject || info.Config.PriorityPolicy != wanted.PriorityPolicy {
		r.fail(part, "restart a service that takes from it, which sets it right; then look again",
			"its consumer %s is not as it should be: at most %d at once instead of %d", wanted.Durable, info.Config.MaxAckPending, wanted.MaxAckPending)
		return nil
	}
	return info
}

// recorders says who records, and how far behind.
func (r *report) recorders(ctx context.Context, js jetstream.JetStream) {
	r.taker(ctx, js, topology.OutcomesStream, topology.RecorderConsumer(), "recorders", "outcomes")
	r.taker(ctx, js, topology.SignalsStream, topology.SignalConsumer(), "signals", "pings and raised alerts")
}

func (r *report) taker(ctx context.Context, js jetstream.JetStream, stream string, wanted jetstream.ConsumerConfig, part, what string) {
	var info *jetstream.ConsumerInfo
	for range looks {
		if info = r.consumer(ctx, js, stream, wanted, part); info == nil {
			return
		}
		if info.NumWaiting+info.NumAckPending > 0 {
			break
		}
		pause(ctx)
	}
	state, behind := OK, time.Duration(0)
	if of, err := js.Stream(ctx, stream); err == nil && of.CachedInfo().State.Msgs > 0 {
		behind = time.Since(of.CachedInfo().State.FirstTime)
		state = worse(behind, 10*time.Second, 5*time.Minute)
	}
	if info.NumWaiting+info.NumAckPending == 0 {
		r.fail(part, "start a recorder; its /readyz says what keeps it", "nobody takes %s; %d wait", what, info.NumPending)
		return
	}
	r.add(part, state, "see to Postgres; else start more recorders", "at work; %d %s wait, the oldest for %s",
		int(info.NumPending)+info.NumAckPending, what, behind.Round(time.Second))
}
