package pingstore

import (
	"context"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/alertstore"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/jackc/pgx/v5"
)

// mostAtOnce bounds how many checks one look takes in.
const mostAtOnce = 1000

// Look takes in the checks that have changed, and says which pings are missing of
// those due up to heard: until then, all that came in are noted. It also puts right
// alerts that do not go with a state, as one may be written without the other.
func (s *Store) Look(ctx context.Context, heard, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	checks, err := s.due(ctx, heard)
	if err != nil || len(checks) == 0 {
		return err
	}
	verdicts := make([]alertstore.Verdict, len(checks))
	for i := range checks {
		verdicts[i] = checks[i].verdict(heard)
	}
	return s.alerts.Apply(ctx, verdicts, now)
}

// due returns the checks whose alerts may not be what they should, once the states of
// those that have changed are stored.
func (s *Store) due(ctx context.Context, heard time.Time) (checks []found, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		rows, err := tx.Query(ctx, selectCheck+`
			WHERE s.revision <> c.revision
				OR s.deadline_at <= $1 AND NOT EXISTS (
					SELECT FROM alerts a WHERE a.object_id = c.id AND a.kind = $2 AND a.ended_at IS NULL)
				OR s.status = $4 AND NOT EXISTS (
					SELECT FROM alerts a WHERE a.object_id = c.id AND a.kind = $3 AND a.ended_at IS NULL)
				OR EXISTS (
					SELECT FROM alerts a WHERE a.object_id = c.id AND a.ended_at IS NULL AND (
						a.kind = $2 AND (s.deadline_at IS NULL OR s.deadline_at > $1) OR a.kind = $3 AND s.status <> $4))
			ORDER BY c.id LIMIT $5 FOR UPDATE OF c`,
			heard, carillon.AlertOverdue, carillon.AlertFailing, carillon.CheckFailed, mostAtOnce)
		if err != nil {
			return err
		}
		if checks, err = pgx.CollectRows(rows, scan); err != nil {
			return err
		}
		checks = slices.DeleteFunc(checks, found.unreadable)
		for i := range checks {
			if f := &checks[i]; f.seen != f.Check.Revision {
				f.State = f.Expect(f.CheckDocument)
				if err := f.save(ctx, tx, nil); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return checks, err
}
