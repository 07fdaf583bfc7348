// Package checkstore keeps what was heard of checks. Whether that is worth an alert
// is then said like of jobs: see alertstore.
package checkstore

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/alert"
	"github.com/carillon-cron/carillon/services/recorder/internal/alertstore"
	"github.com/carillon-cron/carillon/services/recorder/internal/check"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// statementTimeout bounds each call.
const statementTimeout = 15 * time.Second

// mostAtOnce bounds how many checks one look takes in.
const mostAtOnce = 1000

// Store reads and writes the states of checks. It is safe for concurrent use.
type Store struct {
	pool   *pgxpool.Pool
	alerts *alertstore.Store
}

// New returns a store over a pool that stays the caller's.
func New(pool *pgxpool.Pool, alerts *alertstore.Store) *Store { return &Store{pool, alerts} }

// found is a check with its state.
type found struct {
	carillon.Check
	check.State
	labels []byte
	seen   int64 // the revision that the state follows from
	flaw   error // why its document cannot be read
}

// unreadable reports a check that nothing can be said of. It must not keep others
// from being looked at.
func (f found) unreadable() bool {
	if f.flaw != nil {
		slog.Error("check passed over", "error", f.flaw, "check_id", f.ID)
	}
	return f.flaw != nil
}

const selectCheck = `
	SELECT c.id, c.revision, c.document, coalesce(s.revision, 0), coalesce(s.status, 'new'), s.pinged_at, s.ended_at, s.started_at, s.expected_at, s.deadline_at
	FROM checks c LEFT JOIN check_states s ON s.check_id = c.id `

func scan(row pgx.CollectableRow) (f found, err error) {
	var document []byte
	var pinged, ended, started, expected, deadline *time.Time
	err = row.Scan(&f.ID, &f.Check.Revision, &document, &f.seen, &f.Status, &pinged, &ended, &started, &expected, &deadline)
	if err != nil {
		return f, err
	}
	f.PingedAt, f.EndedAt, f.StartedAt, f.ExpectedAt, f.DeadlineAt = value(pinged), value(ended), value(started), value(expected), value(deadline)
	if f.flaw = json.Unmarshal(document, &f.CheckDocument); f.flaw == nil {
		f.labels, f.flaw = json.Marshal(f.Labels)
	}
	if f.Labels == nil {
		f.labels = []byte("{}")
	}
	return f, nil
}

// Ping notes a ping that came in under a token, and what follows for alerts. A token
// of no check is passed over. It may be noted again. One from the future, by the
// clock of a gateway that is wrong, counts as of now: else all that come before that
// instant would be taken for older ones.
func (s *Store) Ping(ctx context.Context, token uuid.UUID, ping wire.Ping, now time.Time) error {
	if ping.At.After(now) {
		ping.At = now.Truncate(time.Microsecond)
	}
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	f, err := s.change(ctx, token, ping)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("note ping: %w", err)
	}
	if !f.PingedAt.Equal(ping.At) { // overtaken, or of a paused check
		return nil
	}
	return s.alerts.Apply(ctx, []alertstore.Verdict{f.verdict(ping.At)}, now)
}

func (s *Store) change(ctx context.Context, token uuid.UUID, ping wire.Ping) (f found, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		// The check is locked: of two pings at once, the second sees the first.
		if f, err = one(ctx, tx, selectCheck+`WHERE c.token = $1 FOR UPDATE OF c`, token); err != nil {
			return err
		}
		f.State = f.Ping(f.CheckDocument, ping)
		if f.PingedAt.Equal(ping.At) {
			return f.save(ctx, tx, &ping)
		}
		return nil
	})
	return f, err
}

func one(ctx context.Context, tx pgx.Tx, sql string, args ...any) (found, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return found{}, err
	}
	f, err := pgx.CollectExactlyOneRow(rows, scan)
	return f, cmp.Or(err, f.flaw)
}

// save writes the state, and what a ping said if there is one.
func (f *found) save(ctx context.Context, tx pgx.Tx, ping *wire.Ping) error {
	var said wire.Ping
	if ping != nil {
		said = *ping
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO check_states AS s (check_id, revision, status, pinged_at, started_at, expected_at, deadline_at, exit_code, message, ended_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $11)
		ON CONFLICT (check_id) DO UPDATE SET revision = excluded.revision, status = excluded.status, pinged_at = excluded.pinged_at, ended_at = excluded.ended_at,
			started_at = excluded.started_at, expected_at = excluded.expected_at, deadline_at = excluded.deadline_at,
			exit_code = CASE WHEN $10 THEN excluded.exit_code ELSE s.exit_code END,
			message = CASE WHEN $10 THEN excluded.message ELSE s.message END`,
		f.ID, f.Check.Revision, f.Status, set(f.PingedAt), set(f.StartedAt), set(f.ExpectedAt), set(f.DeadlineAt),
		said.ExitCode, said.Message, ping != nil, set(f.EndedAt))
	return err
}

// Look takes in the checks that have changed, and says which pings are missing of
// those due up to heard: until then, all that came in are noted. It also puts right
// alerts that do not go with a state, as one may be written without the other.
func (s *Store) Look(ctx context.Context, heard, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	var checks []found
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
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
	if err != nil || len(checks) == 0 {
		return err
	}
	verdicts := make([]alertstore.Verdict, len(checks))
	for i := range checks {
		verdicts[i] = checks[i].verdict(heard)
	}
	return s.alerts.Apply(ctx, verdicts, now)
}

// Tidy forgets what was heard of checks that are gone.
func (s *Store) Tidy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	_, err := s.pool.Exec(ctx, `DELETE FROM check_states WHERE NOT EXISTS (SELECT FROM checks WHERE id = check_id)`)
	return err
}

// verdict is how it stands with the alerts of a check, by what was heard until at.
func (f *found) verdict(at time.Time) alertstore.Verdict {
	failing := alert.Finding{Kind: carillon.AlertFailing}
	if f.Status == carillon.CheckFailed && !f.Paused {
		failing.Level, failing.Reason = alert.Firing, "the job said that it has failed"
	}
	overdue := alert.Finding{Kind: carillon.AlertOverdue}
	if f.Overdue(at) {
		overdue.Level = alert.Firing
		overdue.Reason = "expected at " + f.ExpectedAt.Format(time.RFC3339) + ", last heard of at " + f.PingedAt.Format(time.RFC3339)
		if f.ExpectedAt.Equal(f.StartedAt) {
			overdue.Reason = "began at " + f.StartedAt.Format(time.RFC3339) + ", and has not said that it ended"
		}
	}
	return alertstore.Verdict{
		Object:   alertstore.Object{Sort: "check", ID: f.ID, Namespace: f.Namespace, Name: f.Name, Labels: f.labels},
		Findings: []alert.Finding{failing, overdue},
	}
}

func value(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// set makes a zero time NULL.
func set(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
