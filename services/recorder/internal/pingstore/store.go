// Package pingstore keeps what was heard of checks: their pings, and how they stand
// by them. The checks themselves are the gateway's. Whether that is worth an alert
// is then said like of jobs: see alertstore.
package pingstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/alertstore"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// statementTimeout bounds each call.
const statementTimeout = 15 * time.Second

// Store reads and writes the states of checks. It is safe for concurrent use.
type Store struct {
	pool   *pgxpool.Pool
	alerts *alertstore.Store
}

// New returns a store over a pool that stays the caller's.
func New(pool *pgxpool.Pool, alerts *alertstore.Store) *Store { return &Store{pool, alerts} }

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

// Tidy forgets what was heard of checks that are gone.
func (s *Store) Tidy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	_, err := s.pool.Exec(ctx, `DELETE FROM check_states WHERE NOT EXISTS (SELECT FROM checks WHERE id = check_id)`)
	return err
}
