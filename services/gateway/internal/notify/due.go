package notify

import "time"

// Timing is when a route is told of its groups.
type Timing struct {
	Wait, Interval time.Duration
	Repeat         time.Duration // 0 for never
	Quiet          *QuietHours
}

// Group is what is known of a group of alerts.
type Group struct {
	// Since is when there came to be news that is not told; zero if there is none.
	Since time.Time
	// ToldAt is when the last message went out; zero before the first.
	ToldAt time.Time
	// Failures counts tries since then that came to nothing; the next is at RetryAt.
	Failures int
	RetryAt  time.Time
}

// Due returns when the next message about a group goes out, if nothing more comes;
// false for never. Open says whether something is still wrong.
func (t Timing) Due(g Group, open bool) (time.Time, bool) {
	var due time.Time
	switch {
	case !g.Since.IsZero() && g.ToldAt.IsZero():
		due = g.Since.Add(t.Wait)
	case !g.Since.IsZero():
		due = later(g.Since.Add(t.Wait), g.ToldAt.Add(t.Interval))
	case open && t.Repeat > 0 && !g.ToldAt.IsZero():
		due = g.ToldAt.Add(t.Repeat)
	default:
		return due, false
	}
	return t.Quiet.after(later(due, g.RetryAt)), true
}

const (
	firstRetry = 2 * time.Second
	lastRetry  = 5 * time.Minute
)

// heard returns the group once it is known whether there is news that is not told.
func (g Group) heard(news bool, now time.Time) Group {
	switch {
	case !news:
		g.Since = time.Time{}
	case g.Since.IsZero():
		g.Since = now
	}
	return g
}

// Told returns the group after a message went out.
func (g Group) Told(now time.Time) Group { return Group{ToldAt: now} }

// Failed returns the group after a message did not go out: it is tried again, after
// pauses that double.
func (g Group) Failed(now time.Time) Group {
	pause := lastRetry
	if g.Failures < 8 {
		pause = min(firstRetry<<g.Failures, lastRetry)
	}
	g.Failures++
	g.RetryAt = now.Add(pause)
	return g
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
