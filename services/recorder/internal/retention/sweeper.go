package retention

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// interval lies between two sweeps. Days become old at midnight, so most
	// sweeps find that nothing has changed since the last.
	interval = time.Hour
	// statementTimeout leaves time to copy a day of tens of millions of runs.
	statementTimeout = 15 * time.Minute
	// lockTimeout is how long everybody else may have to wait behind a sweep. The
	// batches that are under way are let through first, one after the other, as
	// they count statistics: some 30 ms for each of two a recorder.
	lockTimeout = time.Second
	// turn is the key of the advisory lock of whoever sweeps.
	turn = 0x7265_7465_6e74_696f
)

const day = 24 * time.Hour

// Sweeper removes old runs. It is for one goroutine.
type Sweeper struct {
	pool *pgxpool.Pool
	done scope // what the last sweep has done to the end
}

// New returns a Sweeper for a database. The pool stays the caller's; it says where
// the database is, and none of its connections is used.
func New(pool *pgxpool.Pool) *Sweeper { return &Sweeper{pool: pool} }

// Run sweeps until ctx ends.
func (s *Sweeper) Run(ctx context.Context) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := s.Sweep(ctx, time.Now()); err != nil && ctx.Err() == nil {
			failures.Inc()
			slog.Warn("old runs not removed, will try again", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// Sweep removes what is too old at an instant, or by the database's clock if that
// is behind. It does nothing while another recorder sweeps. The error names each
// day that was left, also for want of time; the next sweep takes it up again.
func (s *Sweeper) Sweep(ctx context.Context, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, interval)
	defer cancel()
	conn, err := s.connect(ctx)
	if err != nil {
		return fmt.Errorf("retention: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) // also gives up the turn
	var mine bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, turn).Scan(&mine); err != nil || !mine {
		return err
	}
	scope, err := readScope(ctx, conn, now)
	if err != nil || scope == s.done {
		return err
	}
	old, err := daysBefore(ctx, conn, scope)
	if err != nil {
		return err
	}
	for _, day := range old {
		err = errors.Join(err, sweepDay(ctx, conn, scope, day))
	}
	if err == nil {
		s.done = scope
	}
	return err
}

// connect makes a connection whose timeouts are those of a sweep.
func (s *Sweeper) connect(ctx context.Context) (*pgx.Conn, error) {
	config := s.pool.Config().ConnConfig
	config.RuntimeParams["statement_timeout"] = strconv.FormatInt(statementTimeout.Milliseconds(), 10)
	config.RuntimeParams["lock_timeout"] = strconv.FormatInt(lockTimeout.Milliseconds(), 10)
	return pgx.ConnectConfig(ctx, config)
}

// scope is what a sweep depends on. Two sweeps of the same scope find the same.
type scope struct {
	today    time.Time // the beginning of the UTC day
	shortest int       // of all retentions, in days; far away without any
	settings string
}

// never is longer than any retention, in days.
const never = 100_000

func readScope(ctx context.Context, conn *pgx.Conn, now time.Time) (s scope, err error) {
	err = conn.QueryRow(ctx, `
		SELECT date_trunc('day', least(now(), $1), 'UTC'),
			coalesce(min(least(keep, (SELECT min(days::int) FROM jsonb_each_text(states) AS state(name, days)))), $2),
			coalesce(string_agg(concat_ws(' ', namespace, keep, states), ',' ORDER BY namespace), '')
		FROM retention`, now, never).Scan(&s.today, &s.shortest, &s.settings)
	s.today = s.today.UTC()
	return s, err
}

// daysBefore returns the days with something that may be too old, the oldest first.
func daysBefore(ctx context.Context, conn *pgx.Conn, s scope) ([]time.Time, error) {
	rows, err := conn.Query(ctx, `
		SELECT to_date(right(relname, 8), 'YYYYMMDD') AS day
		FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'runs'::regclass ORDER BY day`)
	if err != nil {
		return nil, err
	}
	days, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	return slices.DeleteFunc(days, func(day time.Time) bool { return !day.Before(s.today.AddDate(0, 0, -s.shortest)) }), err
}
