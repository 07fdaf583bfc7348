package ledger

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// firstDays is how many days a list looks through at once at first: the newest
	// one has just begun in half of all cases.
	firstDays = 2
	// mostDays bounds what one statement plans and locks: some 300 locks, of the
	// thousands that a server has for all its clients.
	mostDays = 32
	// growth is by how much more is looked through after a day had too little.
	growth = 4
)

const day = 24 * time.Hour

// window is a span of fire times; its end is excluded.
type window struct{ from, to time.Time }

// windows cuts days, the newest first, into spans. Days of a span need not be
// neighbours: those between have no partitions.
func windows(days []time.Time) iter.Seq[window] {
	return func(yield func(window) bool) {
		for size := firstDays; len(days) > 0; size = min(size*growth, mostDays) {
			n := min(size, len(days))
			if !yield(window{days[n-1], days[0].Add(day)}) {
				return
			}
			days = days[n:]
		}
	}
}

// days returns the days that have partitions and may have what a filter asks for,
// the newest first.
func (l *Ledger) days(ctx context.Context, filter Filter) ([]time.Time, error) {
	rows, err := l.pool.Query(ctx, `
		SELECT to_date(right(relname, 8), 'YYYYMMDD') AS day
		FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'runs'::regclass ORDER BY day DESC`)
	if err != nil {
		return nil, fmt.Errorf("list days: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	days := make([]time.Time, 0, len(all))
	for _, d := range all {
		if filter.reaches(d) {
			days = append(days, d)
		}
	}
	return days, err
}

// within is the part of a window that a filter asks for.
func (f Filter) within(w window) window {
	if f.From.After(w.from) {
		w.from = f.From
	}
	if !f.To.IsZero() && f.To.Before(w.to) {
		w.to = f.To
	}
	return w
}

// reaches reports whether a day may have runs that a filter asks for.
func (f Filter) reaches(d time.Time) bool {
	switch {
	case !f.From.IsZero() && !d.Add(day).After(f.From):
		return false
	case !f.To.IsZero() && !d.Before(f.To):
		return false
	}
	return f.After == (Position{}) || !d.After(f.After.FireTime)
}
