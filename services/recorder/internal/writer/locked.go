package writer

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// old is the age from which a day's events may wait: younger ones are why the
	// ledger is there, and no retention touches their day.
	old = 48 * time.Hour
	// lockedFor is how long the events of a day that was locked are given back.
	// To find it locked once more takes a writer several seconds.
	lockedFor = time.Minute
)

// lockedDays are the old days that were locked when they should have been written.
type lockedDays struct {
	mu    sync.Mutex
	until map[time.Time]time.Time
}

func (l *lockedDays) add(day, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.until == nil {
		l.until = map[time.Time]time.Time{}
	}
	l.until[day] = until
}

// at returns those that are locked as far as is known, or nil.
func (l *lockedDays) at(now time.Time) []time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	var days []time.Time
	for day, until := range l.until {
		if now.Before(until) {
			days = append(days, day)
		} else {
			delete(l.until, day)
		}
	}
	return days
}

// without gives back the events of days that are locked, and returns the others.
func (w *Writer) without(events []*event, locked []time.Time) []*event {
	if len(locked) == 0 {
		return events
	}
	var back []*event
	events = slices.DeleteFunc(slices.Clone(events), func(e *event) bool {
		waits := slices.Contains(locked, e.oldDay(time.Now()))
		if waits {
			back = append(back, e)
		}
		return waits
	})
	each(back, later)
	return events
}

// oldDay is the UTC day of an event that may wait; zero for one that may not.
func (e *event) oldDay(now time.Time) time.Time {
	if day := e.outcome.FireTime.UTC().Truncate(24 * time.Hour); now.Sub(day) > old {
		return day
	}
	return time.Time{}
}

// anyOld reports whether some of the events may wait.
func anyOld(events []*event) bool {
	now := time.Now()
	return slices.ContainsFunc(events, func(e *event) bool { return !e.oldDay(now).IsZero() })
}

// divide records events of which some lie in a day that is locked. Those that may not
// wait come first, then each old day by itself; if there is only one, that is it.
func (w *Writer) divide(ctx context.Context, events []*event) {
	days := map[time.Time][]*event{}
	for _, e := range events {
		day := e.oldDay(time.Now())
		days[day] = append(days[day], e)
	}
	if young := days[time.Time{}]; len(young) > 0 {
		w.write(ctx, young)
		delete(days, time.Time{})
	}
	for day, events := range days {
		if len(days) == 1 {
			w.giveBack(day, events)
		} else {
			w.write(ctx, events)
		}
	}
}

func (w *Writer) giveBack(day time.Time, events []*event) {
	slog.Warn("old day is locked, its events come again", "day", day.Format(time.DateOnly), "events", len(events))
	w.locked.add(day, time.Now().Add(lockedFor))
	each(events, later)
}

// later has a message come again after a while.
func later(msg jetstream.Msg) error { return msg.NakWithDelay(lockedFor) }
