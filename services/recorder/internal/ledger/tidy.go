package ledger

import (
	"context"
	"time"
)

// statsAge is for how long the statistics of a deleted job are kept after its
// last run.
const statsAge = 30 * 24 * time.Hour

// Tidy removes what nobody asks for any more: statistics of jobs that were deleted
// long ago, and old events that were set aside. It may be called at any time; a
// run that still comes for such a job begins its statistics anew.
func (l *Ledger) Tidy(ctx context.Context, now time.Time) error {
	_, err := l.exec(ctx, `
		DELETE FROM job_stats AS s
		WHERE last_fire_time < $1 AND NOT EXISTS (SELECT FROM jobs WHERE jobs.id = s.job_id)`, now.Add(-statsAge))
	if err != nil {
		return err
	}
	_, err = l.exec(ctx, "DELETE FROM set_aside_events WHERE set_aside_at < $1", now.Add(-strayAge))
	return err
}
