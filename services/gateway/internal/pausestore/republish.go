package pausestore

import (
	"context"

	"github.com/carillon-cron/carillon/services/gateway/internal/outbox"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/jackc/pgx/v5"
)

// resync is the actor of changes that nobody asked for.
const resync = "resync"

// Republish puts into the outbox every change beyond the published revision of
// its pause, as many as the stream keeps, but for pauses that wait there already.
// A pause whose published revision the database does not know, because an older
// database was restored, gets one beyond it that says what the database says.
// Republish returns how many changes it put. Published must have been read before
// the call, by namespace.
func (s *Store) Republish(ctx context.Context, published map[string]int64) (n int, err error) {
	err = s.exclusively(ctx, func(tx pgx.Tx) error {
		waiting, err := outbox.Waiting(ctx, tx)
		if err != nil {
			return err
		}
		lost, err := republishLost(ctx, tx, published, waiting)
		if err != nil {
			return err
		}
		overruled, err := overrule(ctx, tx, published)
		n = lost + overruled
		return err
	})
	if err == nil && n > 0 {
		s.written()
	}
	return n, err
}

// republishLost republishes the newest changes of each pause, the oldest first.
func republishLost(ctx context.Context, tx pgx.Tx, published map[string]int64, waiting map[string]bool) (int, error) {
	changes, err := read(ctx, tx, `SELECT`+columns+`FROM (
			SELECT *, row_number() OVER (PARTITION BY namespace ORDER BY revision DESC) AS age FROM pauses
		) AS aged WHERE age <= $1 ORDER BY revision`, topology.RevisionsKept)
	if err != nil {
		return 0, err
	}
	batch := &pgx.Batch{}
	for _, change := range changes {
		subject, message := topology.Pause(change.Namespace), change.message()
		if message.Revision > published[change.Namespace] && !waiting[subject] {
			message.Republished = true
			outbox.Append(batch, subject, wire.Encode(message))
		}
	}
	return batch.Len(), tx.SendBatch(ctx, batch).Close()
}

// overrule makes changes of the pauses that are published with a revision which
// the database does not have. Planners would follow that one for ever.
func overrule(ctx context.Context, tx pgx.Tx, published map[string]int64) (n int, err error) {
	for namespace, revision := range published {
		before, err := last(ctx, tx, namespace)
		if err != nil {
			return n, err
		}
		if before.Revision >= revision {
			continue
		}
		n++
		after := Change{
			Namespace: namespace, Paused: before.Paused, Actor: resync,
			Reason: "the stream held a change that the database does not know",
		}.after(before)
		after.Revision = revision + 1
		if err := write(ctx, tx, before, after); err != nil {
			return n, err
		}
	}
	return n, nil
}
