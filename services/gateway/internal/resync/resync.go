// Package resync brings the stream JOBS up to what Postgres says.
//
// The outbox alone keeps the two together, once they are. This is for when they
// are not: the queues that a migration made, a stream that was lost or restored,
// a database that was. It compares what JOBS holds with Postgres and puts every
// difference into the outbox, under the locks that writers take. So it may run at
// any time, beside writers, relays and other gateways.
//
// What JOBS has held before and lost is marked as republished. To planners it is
// no news: what it called for before their mark has been planned already. What
// still waits in the outbox is news, and is left to the relay.
//
// Backfills are left out: what of one has been handed out is known to JOBS alone,
// so one that JOBS has lost is not begun again.
package resync

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"sync"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

// Jobs puts what is missing from the published jobs into the outbox. It calls read
// when it has read its own tables.
type Jobs interface {
	Republish(ctx context.Context, read func(context.Context) (map[uuid.UUID]int64, error)) (int, error)
}

// Pauses puts what is missing from the published pauses, by namespace, into the
// outbox. It calls read when it has read its own tables.
type Pauses interface {
	Republish(ctx context.Context, read func(context.Context) (map[string][]int64, error)) (int, error)
}

// Queues puts what is missing from the published queues into the outbox.
type Queues interface {
	Republish(ctx context.Context, published map[string]carillon.Queue) (int, error)
}

// Secrets puts what is missing from the published secrets into the outbox.
type Secrets interface {
	Republish(ctx context.Context, published map[carillon.SecretName][]byte) (int, error)
}

// Stores are the sources of truth.
type Stores struct {
	Jobs    Jobs
	Queues  Queues
	Pauses  Pauses
	Secrets Secrets
}

// Counts says how many definitions of each kind were put into the outbox.
type Counts struct{ Secrets, Queues, Pauses, Jobs int }

// Run compares and mends once, and returns what it has mended, as far as it came.
// The streams must exist.
func Run(ctx context.Context, js jetstream.JetStream, stores Stores) (mended Counts, err error) {
	defer func() {
		if mended != (Counts{}) {
			slog.Info("definitions republished", "secrets", mended.Secrets, "queues", mended.Queues, "pauses", mended.Pauses, "jobs", mended.Jobs)
		}
	}()
	publishedSecrets, err := readSecrets(ctx, js)
	if err != nil {
		return mended, err
	}
	if mended.Secrets, err = stores.Secrets.Republish(ctx, publishedSecrets); err != nil {
		return mended, err
	}
	publishedQueues, err := readQueues(ctx, js)
	if err != nil {
		return mended, err
	}
	if mended.Queues, err = stores.Queues.Republish(ctx, publishedQueues); err != nil {
		return mended, err
	}
	mended.Pauses, err = stores.Pauses.Republish(ctx, func(ctx context.Context) (map[string][]int64, error) { return readPauses(ctx, js) })
	if err != nil { // jobs come after what holds them back
		return mended, err
	}
	mended.Jobs, err = stores.Jobs.Republish(ctx, func(ctx context.Context) (map[uuid.UUID]int64, error) { return readJobs(ctx, js) })
	return mended, err
}

// readJobs returns the published revision of every job that is not deleted.
func readJobs(ctx context.Context, js jetstream.JetStream) (map[uuid.UUID]int64, error) {
	published := map[uuid.UUID]int64{}
	err := read(ctx, js, topology.AllJobs, func(entry bus.Entry) {
		var head struct {
			ID       uuid.UUID `json:"id"`
			Revision int64     `json:"revision"`
			Deleted  bool      `json:"deleted"`
		}
		if json.Unmarshal(entry.Data, &head) != nil {
			return // unreadable, so it counts as not published
		}
		published[head.ID] = head.Revision
		if head.Deleted {
			delete(published, head.ID)
		}
	})
	return published, err
}

func readQueues(ctx context.Context, js jetstream.JetStream) (map[string]carillon.Queue, error) {
	published := map[string]carillon.Queue{}
	err := read(ctx, js, topology.AllQueues, func(entry bus.Entry) {
		var queue carillon.Queue
		if json.Unmarshal(entry.Data, &queue) != nil {
			return // deleted: an empty body
		}
		published[topology.QueueName(entry.Subject)] = queue
	})
	return published, err
}

// readSecrets returns the published secrets as they stand, sealed.
func readSecrets(ctx context.Context, js jetstream.JetStream) (map[carillon.SecretName][]byte, error) {
	published := map[carillon.SecretName][]byte{}
	err := read(ctx, js, topology.AllSecrets, func(entry bus.Entry) {
		name := topology.SecretName(entry.Subject)
		published[name] = bytes.Clone(entry.Data)
		if len(entry.Data) == 0 {
			delete(published, name)
		}
	})
	return published, err
}

// readPauses returns all published revisions of every pause: what was lost may be
// older than what has come since.
func readPauses(ctx context.Context, js jetstream.JetStream) (map[string][]int64, error) {
	published := map[string][]int64{}
	err := read(ctx, js, topology.AllPauses, func(entry bus.Entry) {
		if pause, err := wire.Decode[wire.Pause](entry.Data); err == nil {
			published[pause.Namespace] = append(published[pause.Namespace], pause.Revision)
		}
	})
	return published, err
}

// read handles what the stream holds now. What comes before the following is
// stopped would be handled beside whoever uses the result, so it is left out.
func read(ctx context.Context, js jetstream.JetStream, filter string, handle func(bus.Entry)) error {
	var turn sync.Mutex
	ended := false
	stop, err := bus.Follow(ctx, js, topology.JobsStream, filter, func(entry bus.Entry) {
		turn.Lock()
		defer turn.Unlock()
		if !ended {
			handle(entry)
		}
	})
	turn.Lock()
	ended = true
	turn.Unlock()
	if err == nil {
		stop()
	}
	return err
}
