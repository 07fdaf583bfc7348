package jobstore

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/effect"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// Adaptive is the actor of what adaptive rescheduling does by itself.
const Adaptive = "adaptive"

// maxAdaptBytes bounds the documents of one write, and what it takes in memory.
const maxAdaptBytes = 16 << 20

// Adapt makes changes of adaptive rescheduling: those of jobs in the mode auto as
// revisions, all in one statement; those of jobs in the mode suggest as
// suggestions. Left are those whose job has another revision by now, or wants to be
// left alone, or cannot be adapted so; and what is beyond 16 MiB of documents, for
// the next pass.
func (s *Store) Adapt(ctx context.Context, changes []wire.Adaptation) (wire.Adapted, error) {
	answer := wire.Adapted{Left: len(changes), Statements: 1}
	revisions, suggestions, err := s.adapted(ctx, changes)
	if err != nil {
		return answer, err
	}
	if len(revisions.id) > 0 {
		answer.Statements++
		answer.Applied, err = s.writeAdapted(ctx, revisions)
		answer.Left -= answer.Applied
	}
	if err == nil && len(suggestions) > 0 {
		answer.Statements++
		answer.Suggested, err = s.suggest(ctx, suggestions)
		answer.Left -= answer.Suggested
	}
	return answer, err
}

// adapted works the changes out on the jobs as they are now.
func (s *Store) adapted(ctx context.Context, changes []wire.Adaptation) (revisions revisionColumns, suggestions []wire.Adaptation, err error) {
	wanted := map[uuid.UUID]wire.Adaptation{}
	ids := make([]uuid.UUID, len(changes))
	for i, c := range changes {
		wanted[c.JobID], ids[i] = c, c.JobID
	}
	rows, err := s.pool.Query(ctx, `
		SELECT id, revision, effective_from, document FROM jobs
		WHERE id = ANY($1) AND adaptive <> 'off' AND quiet_until <= now()`, ids)
	if err != nil {
		return revisions, nil, fmt.Errorf("read jobs to adapt: %w", err)
	}
	defer rows.Close()
	for now := time.Now(); rows.Next() && revisions.bytes < maxAdaptBytes; {
		job, err := scanJob(rows)
		if err != nil {
			return revisions, nil, err
		}
		switch c := wanted[job.ID]; {
		case c.Revision != job.Revision:
		case !fits(&job, c):
			slog.Error("an adaptation does not fit its job", "job", job.ID, "revision", job.Revision)
		case job.AdaptiveMode() == carillon.AdaptiveSuggest:
			suggestions = append(suggestions, c)
		default:
			revisions.add(job, c, now)
		}
	}
	return revisions, suggestions, rows.Err()
}

// fits reports whether a schedule can be adapted so and stays within its owner's
// bounds. It says so of all that a recorder of the same version asks for.
func fits(job *carillon.Job, c wire.Adaptation) bool {
	if c.Adapted == nil {
		return true
	}
	spec := job.Schedule
	spec.Adapted = c.Adapted
	_, err := spec.Compile(job.ID.String())
	return err == nil && c.Adapted.Every <= max(job.Adaptive.Longest(spec.Every), spec.Every)
}

// revisionColumns are revisions as the columns of one statement.
type revisionColumns struct {
	id        []uuid.UUID
	revision  []int64 // the one before
	action    []string
	document  []string
	effective []time.Time
	reason    []string
	subject   []string
	payload   [][]byte
	bytes     int
}

func (r *revisionColumns) add(job carillon.Job, c wire.Adaptation, now time.Time) {
	job.EffectiveFrom = effect.From(now.Add(manyLead), job.EffectiveFrom)
	job.Revision++
	job.Schedule.Adapted = c.Adapted
	payload := wire.Encode(wire.Definition{Job: job})
	r.id, r.revision = append(r.id, job.ID), append(r.revision, c.Revision)
	r.action, r.reason = append(r.action, string(c.Action)), append(r.reason, c.Reason)
	r.document = append(r.document, string(encode(job.Document)))
	r.effective = append(r.effective, job.EffectiveFrom)
	r.subject, r.payload = append(r.subject, topology.Job(job.ID)), append(r.payload, payload)
	r.bytes += 2 * len(payload)
}

// writeAdapted locks the jobs in the order in which every writer of several does,
// so that none waits for another in a ring.
func (s *Store) writeAdapted(ctx context.Context, r revisionColumns) (written int, err error) {
	err = s.pool.QueryRow(ctx, `
		WITH wanted AS (
			SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::jsonb[], $5::timestamptz[], $6::text[], $7::text[], $8::bytea[])
				AS w (id, revision, action, document, effective_from, reason, subject, payload)
		), locked AS MATERIALIZED (
			SELECT id, namespace, jobs.document AS before FROM jobs JOIN wanted USING (id)
			WHERE jobs.revision = wanted.revision AND adaptive = 'auto' AND quiet_until <= now()
			ORDER BY id FOR UPDATE OF jobs
		), changes AS MATERIALIZED (
			SELECT wanted.*, namespace, before FROM wanted JOIN locked USING (id)
		), changed AS (
			UPDATE jobs SET revision = c.revision + 1, document = c.document, effective_from = c.effective_from, updated_at = now()
			FROM changes AS c WHERE jobs.id = c.id RETURNING jobs.id
		), revisions AS (
			INSERT INTO job_revisions (job_id, revision, action, document, effective_from, actor, reason)
			SELECT id, revision + 1, action, document, effective_from, $9, reason FROM changes
		), audited AS (
			INSERT INTO audit_log (actor, namespace, action, object, before, after)
			SELECT $9, namespace, action, 'job/' || id, before, document FROM changes
		), messages AS (
			INSERT INTO outbox (subject, payload) SELECT subject, payload FROM changes
		)
		SELECT count(*) FROM changed`,
		r.id, r.revision, r.action, r.document, r.effective, r.reason, r.subject, r.payload, Adaptive).Scan(&written)
	if err != nil {
		return 0, fmt.Errorf("adapt jobs: %w", err)
	}
	if written > 0 {
		s.written()
	}
	return written, nil
}

func encodeAdapted(c wire.Adaptation) string {
	data, _ := json.Marshal(c.Adapted) // cannot fail: it holds only data
	return string(data)
}
