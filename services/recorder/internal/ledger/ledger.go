package ledger

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// statementTimeout bounds each statement, and each transaction of a batch, so
	// that a connection whose other end has vanished is given up. A batch takes some
	// 30 ms.
	statementTimeout = 15 * time.Second
	// daysAhead is how many days beyond today have their partitions made: room
	// for a weekend in which nobody looks at a recorder that cannot make them.
	daysAhead = 7
)

// Ledger writes runs and attempts. It is safe for concurrent use.
type Ledger struct {
	pool *pgxpool.Pool

	mu   sync.Mutex
	days map[time.Time]bool // known to have their partitions
}

// New returns a Ledger over a pool that stays the caller's.
func New(pool *pgxpool.Pool) *Ledger {
	return &Ledger{pool: pool, days: map[time.Time]bool{}}
}

// Record writes events that have passed [Check], all of them or none. Recording
// an event again changes nothing. After an error it may be called again with the
// same events; [IsRefusal] says whether that is of any use.
func (l *Ledger) Record(ctx context.Context, events []*wire.Outcome) error {
	err := l.record(ctx, events)
	if isMissingPartition(err) { // dropped since it was last seen
		l.forgetDays()
		err = l.record(ctx, events)
	}
	return err
}

func (l *Ledger) record(ctx context.Context, events []*wire.Outcome) error {
	if err := l.ensure(ctx, daysOf(events)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	statements.Add(2) // the transaction's begin and end
	var ends []end
	err := pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) (err error) {
		var now time.Time
		ends, now, err = recordRuns(ctx, tx, events)
		if err != nil || len(ends) == 0 {
			return err
		}
		return recordStats(ctx, tx, ends, now)
	})
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	observe(ends, time.Now())
	return nil
}

// PrepareAhead makes the partitions of the day of now and the week after it.
// It costs nothing where they are known to exist.
func (l *Ledger) PrepareAhead(ctx context.Context, now time.Time) error {
	days := make([]time.Time, 0, daysAhead+1)
	for n := range daysAhead + 1 {
		days = append(days, dayOf(now.AddDate(0, 0, n)))
	}
	return l.ensure(ctx, days)
}

func (l *Ledger) exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	statements.Inc()
	tag, err := l.pool.Exec(ctx, sql, args...)
	if err != nil {
		return tag, fmt.Errorf("ledger: %w", err)
	}
	return tag, nil
}
