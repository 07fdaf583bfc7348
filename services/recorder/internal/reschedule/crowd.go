package reschedule

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/carillon-cron/carillon/services/recorder/internal/adaptive"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// countFires counts the fires of all active jobs, if any of those that are looked at
// has a spread to move in.
func (p *pass) countFires(ctx context.Context) error {
	var wanted bool
	p.report.Statements++
	err := p.conn.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM jobs
			WHERE adaptive <> 'off' AND NOT paused AND quiet_until <= now() AND document->'schedule' ? 'spread')`).Scan(&wanted)
	if err != nil || !wanted {
		return err
	}
	p.crowd = adaptive.NewCrowd(p.now)
	for last := uuid.Nil; err == nil; {
		var more bool
		err = rested(ctx, func() (err error) {
			last, more, err = p.countPage(ctx, last)
			return err
		})
		if !more {
			break
		}
	}
	return err
}

// countPage counts the fires of the jobs that come first after an id.
func (p *pass) countPage(ctx context.Context, after uuid.UUID) (last uuid.UUID, more bool, err error) {
	p.report.Statements++
	rows, err := p.conn.Query(ctx, `
		SELECT id, document->'schedule' FROM jobs WHERE NOT paused AND id > $1 ORDER BY id LIMIT $2`, after, pageSize)
	if err != nil {
		return last, false, fmt.Errorf("read schedules: %w", err)
	}
	var text []byte
	tag, err := pgx.ForEachRow(rows, []any{&last, &text}, func() error { p.count(last, text); return nil })
	return last, tag.RowsAffected() == pageSize, err
}

// count adds the fires of a job. A schedule that another version took and this one
// does not has none.
func (p *pass) count(id uuid.UUID, text []byte) {
	var spec schedule.Spec
	if err := json.Unmarshal(text, &spec); err != nil {
		slog.Warn("schedule not counted", "error", err, "job_id", id)
		return
	}
	if compiled, err := spec.Compile(id.String()); err == nil {
		p.crowd.Add(compiled)
	}
}

func (p *pass) move(j job) (adaptive.Change, bool) {
	if p.crowd == nil || j.Schedule.Spread == "" {
		return adaptive.Change{}, false
	}
	compiled, err := j.Schedule.Compile(j.id.String())
	if err != nil {
		return adaptive.Change{}, false
	}
	return p.crowd.Move(j.id, j.Job, compiled)
}
