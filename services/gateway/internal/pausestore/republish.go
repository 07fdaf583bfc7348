package pausestore

import (
	"context"
	"errors"
	"slices"

	"github.com/carillon-cron/carillon/services/gateway/internal/outbox"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/jackc/pgx/v5"
)

// resync is the actor of changes that nobody asked for.
const resync = "resync"

// Republish puts into the outbox every change that JOBS has lost, as no news: those
// beyond the published revision of their pause, as many as the stream keeps, unless
// news of the pause waits there already. A pause whose published revision the
// database does not know, because an older database was restored, gets one beyond
// it that says what the database says. Republish returns how many changes it put.
// Read gives the published revisions, by namespace.
//
// As for jobs, it is exact because what is published is read last.
func (s *Store) Republish(ctx context.Context, read func(context.Context) (map[string]int64, error)) (int, error) {
	stored, err := s.newest(ctx)
	if err != nil {
		return 0, err
	}
	waiting, err := outbox.Waiting(ctx, s.pool)
	if err != nil {
		return 0, err
	}
	published, err := read(ctx)
	if err != nil {
		return 0, err
	}
	stored = slices.DeleteFunc(stored, func(change State) bool {
		return change.Revision <= published[change.Namespace] || waiting[topology.Pause(change.Namespace)]
	})
	overruled := 0
	err = s.exclusively(ctx, func(tx pgx.Tx) error {
		overruled, err = overrule(ctx, tx, published)
		return errors.Join(err, republish(ctx, tx, stored))
	})
	if err == nil && len(stored)+overruled > 0 {
		s.written()
	}
	return len(stored) + overruled, err
}

// newest returns the newest changes of each pause, the oldest first.
func (s *Store) newest(ctx context.Context) ([]State, error) {
	return read(ctx, s.pool, `SELECT`+columns+`FROM (
			SELECT *, row_number() OVER (PARTITION BY namespace ORDER BY revision DESC) AS age FROM pauses
		) AS aged WHERE age <= $1 ORDER BY revision`, topology.RevisionsKept)
}

func republish(ctx context.Context, tx pgx.Tx, changes []State) error {
	batch := &pgx.Batch{}
	for _, change := range changes {
		message := change.message()
		message.Republished = true
		outbox.Append(batch, topology.Pause(change.Namespace), wire.Encode(message))
	}
	return tx.SendBatch(ctx, batch).Close()
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
