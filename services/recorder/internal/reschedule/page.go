package reschedule

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/adaptive"
	"github.com/carillon-cron/carillon/shared/jobstat"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// pageSize is how many jobs are read at once: a few megabytes.
const pageSize = 5000

// job is a job to be looked at.
type job struct {
	adaptive.Job
	id       uuid.UUID
	revision int64
	flaw     error // why its document cannot be read
}

// unreadable reports a job that nothing can be decided of. It must not end the pass.
func (j job) unreadable() bool {
	if j.flaw != nil {
		slog.Warn("job left as it is", "error", j.flaw, "job_id", j.id)
	}
	return j.flaw != nil
}

// selectPage reads the jobs that may be looked at. One that has not run yet is left,
// as nothing is known of it; so is a paused one, as nothing new is; and so is one of
// which a person has just said something.
const selectPage = `
	SELECT j.id, j.revision, j.effective_from, j.document->'schedule', j.document->'adaptive', history, data
	FROM jobs AS j JOIN job_stats ON job_id = j.id
	CROSS JOIN LATERAL (
		SELECT array_agg(action ORDER BY revision) AS history FROM job_revisions AS r
		WHERE r.job_id = j.id AND r.created_at > now() - interval '1 day' AND action IN ('stretched', 'relaxed', 'moved')
	) AS past
	WHERE adaptive <> 'off' AND NOT paused AND quiet_until <= now() AND j.id > $1
	ORDER BY j.id LIMIT $2`

// page returns the jobs that come first after an id.
func (p *pass) page(ctx context.Context, after uuid.UUID) ([]job, error) {
	p.report.Statements++
	rows, err := p.conn.Query(ctx, selectPage, after, pageSize)
	if err != nil {
		return nil, fmt.Errorf("read jobs: %w", err)
	}
	return pgx.CollectRows(rows, scan)
}

func scan(row pgx.CollectableRow) (j job, err error) {
	var spec, bounds, data []byte
	if err := row.Scan(&j.id, &j.revision, &j.EffectiveFrom, &spec, &bounds, &j.History, &data); err != nil {
		return j, err
	}
	if stats, err := jobstat.Read(j.id, data); err == nil { // those of another version are unknown until the job's next run
		j.Stats = of(stats, j.EffectiveFrom)
	}
	j.flaw = cmp.Or(json.Unmarshal(bounds, &j.Adaptive), json.Unmarshal(spec, &j.Schedule))
	return j, nil
}

// of returns what the statistics say of a revision since it holds, as far as they tell
// one from the next.
func of(s *jobstat.Stats, since time.Time) adaptive.Stats {
	successes, failures := s.Streak.Since(since)
	failing, _ := s.Failing.Mean()
	seconds, _ := s.RecentDuration.Mean()
	return adaptive.Stats{
		Failures: failures, Successes: successes, FailingShare: failing,
		Duration: time.Duration(seconds * float64(time.Second)), LastFire: s.Streak.Newest(),
	}
}
