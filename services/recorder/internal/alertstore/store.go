// Package alertstore keeps alerts: it asks the database what the judgement of
// package alert needs, and writes what came of it.
//
// All who write alerts do so one after the other, for the length of a transaction
// of a few milliseconds. So of several recorders that look at the same job at the
// same time, the second sees what the first has written, and an incident begins once
// and ends once.
package alertstore

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/alert"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/jobstat"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// statementTimeout bounds each look.
	statementTimeout = 30 * time.Second
	// kept is how long an incident is there after its end.
	kept = 90 * 24 * time.Hour
	// forgottenAfter is when an alert that only others can end does so by itself.
	forgottenAfter = 24 * time.Hour
)

// Store reads and writes alerts. It is safe for concurrent use.
type Store struct{ pool *pgxpool.Pool }

// New returns a store over a pool that stays the caller's.
func New(pool *pgxpool.Pool) *Store { return &Store{pool} }

// Object is a job or a check.
type Object struct {
	Sort            string // job or check
	ID              uuid.UUID
	Namespace, Name string
	Labels          []byte // JSON
}

// Verdict is what was found of an object.
type Verdict struct {
	Object
	Findings []alert.Finding
}

// alone calls do in a transaction that no other writer of alerts runs beside.
func (s *Store) alone(ctx context.Context, do func(context.Context, pgx.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('alerts'))`); err != nil {
			return err
		}
		return do(ctx, tx)
	})
}

// Now returns the instant by the database's clock.
func (s *Store) Now(ctx context.Context) (now time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	err = s.pool.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now)
	return now.UTC(), err
}

// Apply writes what follows from verdicts.
func (s *Store) Apply(ctx context.Context, verdicts []Verdict, now time.Time) error {
	return s.alone(ctx, func(ctx context.Context, tx pgx.Tx) error { return apply(ctx, tx, verdicts, now) })
}

// Look judges jobs by their statistics and by what was seen of them, and writes
// what follows. Jobs that are not there any more are passed over: [Store.Tidy] ends their alerts.
func (s *Store) Look(ctx context.Context, seen map[uuid.UUID]*alert.Evidence, now time.Time) error {
	ids := make([]uuid.UUID, 0, len(seen))
	for id := range seen {
		ids = append(ids, id)
	}
	return s.alone(ctx, func(ctx context.Context, tx pgx.Tx) error {
		jobs, err := jobsOf(ctx, tx, ids)
		if err != nil {
			return err
		}
		verdicts := make([]Verdict, 0, len(jobs))
		for _, job := range jobs {
			verdicts = append(verdicts, Verdict{job.Object, alert.Judge(job.Job, *seen[job.ID], now)})
		}
		return apply(ctx, tx, verdicts, now)
	})
}

// Raise writes what somebody else has found of a job, as of when that was. A job that
// is not there, or wants no such alert, is passed over.
func (s *Store) Raise(ctx context.Context, id uuid.UUID, found alert.Finding) error {
	return s.alone(ctx, func(ctx context.Context, tx pgx.Tx) error {
		jobs, err := jobsOf(ctx, tx, []uuid.UUID{id})
		if err != nil || len(jobs) == 0 {
			return err
		}
		if jobs[0].Wants.Mutes(found.Kind) {
			found.Level = alert.Quiet
		}
		return apply(ctx, tx, []Verdict{{jobs[0].Object, []alert.Finding{found}}}, found.At)
	})
}

// judged is a job with what is known of it.
type judged struct {
	Object
	alert.Job
	flaw error // why its document cannot be read
}

func jobsOf(ctx context.Context, tx pgx.Tx, ids []uuid.UUID) ([]judged, error) {
	rows, err := tx.Query(ctx, `
		WITH pause AS MATERIALIZED (SELECT * FROM latest_pauses)
		SELECT j.id, j.namespace, j.name, j.labels, j.document->'alerts',
			j.paused OR EXISTS (SELECT FROM pause WHERE paused AND (namespace IS NULL OR namespace = j.namespace)),
			greatest(
				CASE WHEN j.document->'alerts' ? 'no_success_for' THEN coalesce((
					SELECT effective_from FROM job_revisions WHERE job_id = j.id AND action NOT IN ('stretched', 'relaxed', 'moved')
					ORDER BY revision DESC LIMIT 1),
					j.effective_from) END,
				(SELECT max(effective_from) FROM pause WHERE NOT paused AND (namespace IS NULL OR namespace = j.namespace)),
				timestamptz 'epoch'),
			coalesce(s.data, '')
		FROM jobs j LEFT JOIN job_stats s ON s.job_id = j.id WHERE j.id = ANY($1)`, ids)
	if err != nil {
		return nil, err
	}
	jobs, err := pgx.CollectRows(rows, scanJob)
	return slices.DeleteFunc(jobs, judged.unreadable), err
}

// unreadable reports a job that nothing can be said of. It must not keep others
// from being looked at.
func (j judged) unreadable() bool {
	if j.flaw != nil {
		slog.Error("job passed over by alerts", "error", j.flaw, "job_id", j.ID)
	}
	return j.flaw != nil
}

func scanJob(row pgx.CollectableRow) (j judged, err error) {
	var wants, data []byte
	var since time.Time // a person's last change, or the end of the last pause
	j.Sort = "job"
	if err = row.Scan(&j.ID, &j.Namespace, &j.Name, &j.Labels, &wants, &j.Paused, &since, &data); err != nil {
		return j, err
	}
	var alerts *carillon.Alerts
	if len(wants) > 0 {
		j.flaw = json.Unmarshal(wants, &alerts)
	}
	j.Wants, j.SuccessAt = alerts.WithDefaults(), since
	if stats, err := jobstat.Read(j.ID, data); err == nil { // those of another version are unknown until the job's next run
		j.learn(stats)
	}
	return j, nil
}

// learn takes over what a job's statistics say.
func (j *judged) learn(s *jobstat.Stats) {
	j.Failures, j.Usual = s.Streak.Failures(), usual(s)
	j.Last = alert.Run{FireTime: s.Last.FireTime, State: s.Last.State}
	j.Called = alert.Run{FireTime: s.Called.FireTime, State: s.Called.State, Duration: s.Called.FinishedAt.Sub(s.Called.StartedAt)}
	j.Fired = alert.Run{FireTime: s.Fired.FireTime, Lateness: s.Fired.StartedAt.Sub(s.Fired.FireTime)}
	if s.LastSuccess.FinishedAt.After(j.SuccessAt) {
		j.SuccessAt = s.LastSuccess.FinishedAt
	}
}
