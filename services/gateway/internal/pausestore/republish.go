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

// Republish puts into the outbox every change that JOBS has lost, as no news: of
// the newest of each pause, as many as the stream keeps, those that it does not hold
// and that do not wait there already. A pause of which a revision is published that
// the database does not know, because an older database was restored, gets one
// beyond it that says what the database says. Republish returns how many changes it
// put. Read gives all published revisions, by namespace.
//
// As for jobs, it is exact because what is published is read last.
func (s *Store) Republish(ctx context.Context, read func(context.Context) (map[string][]int64, error)) (int, error) {
	var changes []Pause
	err := s.exclusively(ctx, func(tx pgx.Tx) (err error) {
		changes, err = relayed(ctx, tx)
		return err
	})
	if err != nil {
		return 0, err
	}
	published, err := read(ctx)
	if err != nil {
		return 0, err
	}
	lost := slices.DeleteFunc(changes, func(change Pause) bool {
		return slices.Contains(published[change.Namespace], change.Revision)
	})
	overruled := 0
	err = s.exclusively(ctx, func(tx pgx.Tx) error {
		overruled, err = overrule(ctx, tx, published)
		return errors.Join(err, republish(ctx, tx, lost))
	})
	if err == nil && len(lost)+overruled > 0 {
		s.written()
	}
	return len(lost) + overruled, err
}

// relayed returns the newest changes of each pause that do not wait in the outbox,
// the oldest first.
func relayed(ctx context.Context, tx pgx.Tx) ([]Pause, error) {
	changes, err := read(ctx, tx, `SELECT`+columns+`FROM (
			SELECT *, row_number() OVER (PARTITION BY namespace ORDER BY revision DESC) AS age FROM pauses
		) AS aged WHERE age <= $1 ORDER BY revision DESC`, topology.RevisionsKept)
	if err != nil {
		return nil, err
	}
	waiting, err := outbox.Waiting(ctx, tx)
	if err != nil {
		return nil, err
	}
	changes = slices.DeleteFunc(changes, func(change Pause) bool {
		subject := topology.Pause(change.Namespace)
		waiting[subject]--
		return waiting[subject] >= 0
	})
	slices.Reverse(changes)
	return changes, nil
}

func republish(ctx context.Context, tx pgx.Tx, changes []Pause) error {
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
func overrule(ctx context.Context, tx pgx.Tx, published map[string][]int64) (n int, err error) {
	for namespace, revisions := range published {
		newest := slices.Max(revisions)
		before, err := last(ctx, tx, namespace)
		if err != nil {
			return n, err
		}
		if before.Revision >= newest {
			continue
		}
		n++
		after := Change{
			Namespace: namespace, Paused: before.Paused, Actor: resync,
			Reason: "the stream held a change that the database does not know",
		}.after(before)
		after.Revision = newest + 1
		if err := write(ctx, tx, before, after); err != nil {
			return n, err
		}
	}
	return n, nil
}
