package reschedule

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/adaptive"
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
}

// selectPage reads the jobs that may be looked at. A paused one is left, as nothing
// new is known of it, and so is one of which a person has just said something.
const selectPage = `
	SELECT j.id, j.revision, j.effective_from, j.document->'schedule', j.document->'adaptive',
		coalesce(failure_streak, 0), coalesce(success_streak, 0),
		coalesce(failing_sum / nullif(failing_weight, 0), 0),
		coalesce(recent_duration_sum / nullif(recent_duration_weight, 0), 0),
		last_fire_time, history
	FROM jobs AS j LEFT JOIN job_stats ON job_id = j.id
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
	var spec, bounds []byte
	var seconds float64
	var last *time.Time
	err = row.Scan(&j.id, &j.revision, &j.EffectiveFrom, &spec, &bounds, &j.Stats.Failures, &j.Stats.Successes,
		&j.Stats.FailingShare, &seconds, &last, &j.History)
	if err != nil {
		return j, err
	}
	j.Stats.Duration = time.Duration(seconds * float64(time.Second))
	if last != nil {
		j.Stats.LastFire = *last
	}
	if err := json.Unmarshal(bounds, &j.Adaptive); err != nil {
		return j, fmt.Errorf("job %s: %w", j.id, err)
	}
	return j, json.Unmarshal(spec, &j.Schedule)
}
