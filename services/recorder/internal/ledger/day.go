package ledger

import (
	"context"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/wire"
)

// dayOf returns the start of an instant's UTC day, which names its partition.
func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// daysOf returns the days of the events, each once.
func daysOf(events []*wire.Outcome) []time.Time {
	var days []time.Time
	for _, event := range events {
		if day := dayOf(event.FireTime); !slices.Contains(days, day) {
			days = append(days, day)
		}
	}
	return days
}

// daysAtOnce is how many partitions one statement makes: far fewer than it has time
// for. What it has made stays, so a batch that spans years is recorded in the end.
const daysAtOnce = 10

// ensure makes the partitions of the days that are not known to have theirs.
func (l *Ledger) ensure(ctx context.Context, days []time.Time) error {
	for missing := range slices.Chunk(l.unknown(days), daysAtOnce) {
		if _, err := l.exec(ctx, "SELECT ensure_day_partition(day) FROM unnest($1::date[]) AS day", missing); err != nil {
			return err
		}
		l.learn(missing)
	}
	return nil
}

func (l *Ledger) unknown(days []time.Time) []time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(days), func(day time.Time) bool { return l.days[day] })
}

func (l *Ledger) learn(days []time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, day := range days {
		l.days[day] = true
	}
}

func (l *Ledger) forgetDays() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.days)
}
