package jobstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/auditlog"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// SuggestionTTL is how long a suggestion holds. Every pass that still wants it
// renews it, so one that no pass wants any more is gone within it.
const SuggestionTTL = time.Hour

// ErrNoSuggestion says that there is none for the job as it is now.
var ErrNoSuggestion = errors.New("there is no suggestion for the job as it is now")

// Suggestion is what adaptive rescheduling would do to a job.
type Suggestion struct {
	JobID     uuid.UUID           `json:"job_id" doc:"The job." format:"uuid"`
	Namespace string              `json:"namespace"`
	Name      string              `json:"name" doc:"Name of the job."`
	Revision  int64               `json:"revision" doc:"The revision that it was made for; with any other it is gone."`
	Action    carillon.Adaptation `json:"action" enum:"stretched,relaxed,moved" doc:"What the new revision would be."`
	Adapted   *schedule.Adapted   `json:"adapted,omitempty" doc:"The schedule's adapted as it would be; without it the job goes back to its owner's schedule."`
	Reason    string              `json:"reason" doc:"Why, in one sentence."`
	CreatedAt time.Time           `json:"created_at"`
	ExpiresAt time.Time           `json:"expires_at" doc:"Passes that still want it put this off."`
}

// suggest keeps one suggestion for each job, the newest, and returns how many.
func (s *Store) suggest(ctx context.Context, changes []wire.Adaptation) (int, error) {
	columns := struct {
		id                      []uuid.UUID
		revision                []int64
		action, adapted, reason []string
	}{}
	for _, c := range changes {
		columns.id, columns.revision = append(columns.id, c.JobID), append(columns.revision, c.Revision)
		columns.action, columns.reason = append(columns.action, string(c.Action)), append(columns.reason, c.Reason)
		columns.adapted = append(columns.adapted, encodeAdapted(c))
	}
	tag, err := s.pool.Exec(ctx, `
		INSERT INTO suggestions AS s (job_id, revision, action, adapted, reason, expires_at)
		SELECT id, revision, action, adapted, reason, now() + $6 FROM
			unnest($1::uuid[], $2::bigint[], $3::text[], $4::jsonb[], $5::text[]) AS w (id, revision, action, adapted, reason)
			JOIN jobs USING (id, revision) ORDER BY id
		ON CONFLICT (job_id) DO UPDATE SET
			created_at = CASE WHEN (s.revision, s.adapted) = (excluded.revision, excluded.adapted) AND s.expires_at > now()
				THEN s.created_at ELSE now() END,
			revision = excluded.revision, action = excluded.action, adapted = excluded.adapted,
			reason = excluded.reason, expires_at = excluded.expires_at`,
		columns.id, columns.revision, columns.action, columns.adapted, columns.reason, SuggestionTTL)
	if err != nil {
		return 0, fmt.Errorf("suggest: %w", err)
	}
	return int(tag.RowsAffected()), nil
}

const selectSuggestions = `
	SELECT job_id, namespace, name, s.revision, action, adapted, reason, s.created_at, expires_at
	FROM suggestions AS s JOIN jobs ON id = job_id AND jobs.revision = s.revision AND adaptive = 'suggest'
	WHERE expires_at > now() AND quiet_until <= now()`

// Suggestions lists the suggestions that hold, of a namespace or of all ("") by
// the id of their job, from behind the given one.
func (s *Store) Suggestions(ctx context.Context, namespace string, after uuid.UUID, limit int) ([]Suggestion, error) {
	rows, err := s.pool.Query(ctx, selectSuggestions+`
		AND ($1::text[] IS NULL OR namespace = ANY($1)) AND job_id > $2 ORDER BY job_id LIMIT $3`,
		scope.From(ctx).Within(namespace).Names(), after, limit)
	if err != nil {
		return nil, fmt.Errorf("list suggestions: %w", err)
	}
	return pgx.CollectRows(rows, scanSuggestion)
}

func scanSuggestion(row pgx.CollectableRow) (s Suggestion, err error) {
	var adapted []byte
	err = row.Scan(&s.JobID, &s.Namespace, &s.Name, &s.Revision, &s.Action, &adapted, &s.Reason, &s.CreatedAt, &s.ExpiresAt)
	if err != nil {
		return s, err
	}
	s.CreatedAt, s.ExpiresAt = s.CreatedAt.UTC(), s.ExpiresAt.UTC()
	return s, json.Unmarshal(adapted, &s.Adapted)
}

// Accept does what is suggested for a job, as a revision of the actor's. It fails
// with ErrNotFound or ErrNoSuggestion.
func (s *Store) Accept(ctx context.Context, actor string, id uuid.UUID) (carillon.Job, error) {
	var job carillon.Job
	err := s.transact(ctx, func(tx pgx.Tx) (*change, error) {
		before, suggested, err := suggestionOf(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		document := before.Document
		document.Schedule.Adapted = suggested.Adapted
		job, err = successor(before, document)
		if err != nil || job.Revision == before.Revision {
			return nil, err
		}
		return &change{
			actor: actor, action: Action(suggested.Action), before: &before, after: job,
			reason: suggested.Reason, quiet: QuietAfterEdit,
		}, nil
	})
	return job, err
}

// Dismiss refuses what is suggested for a job: for [QuietAfterRefusal] nothing is
// suggested for it. It fails with ErrNotFound or ErrNoSuggestion.
func (s *Store) Dismiss(ctx context.Context, actor string, id uuid.UUID) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		before, suggested, err := suggestionOf(ctx, tx, id)
		if err != nil {
			return err
		}
		batch := &pgx.Batch{}
		batch.Queue(`UPDATE jobs SET quiet_until = $2 WHERE id = $1`, id, time.Now().Add(QuietAfterRefusal))
		batch.Queue(`DELETE FROM suggestions WHERE job_id = $1`, id)
		auditlog.Append(batch, auditlog.Change{
			Actor: actor, Namespace: before.Namespace, Action: "dismissed", Object: "suggestion/" + id.String(), Before: told(suggested),
		})
		return tx.SendBatch(ctx, batch).Close()
	})
}

// told is what the audit log tells of a suggestion.
func told(s Suggestion) []byte {
	text, _ := json.Marshal(map[string]any{"adapted": s.Adapted, "reason": s.Reason}) // cannot fail: plain data
	return text
}

// suggestionOf locks a job, and returns what is suggested for it.
func suggestionOf(ctx context.Context, tx pgx.Tx, id uuid.UUID) (carillon.Job, Suggestion, error) {
	job, err := lock(ctx, tx, id)
	if err != nil {
		return job, Suggestion{}, err
	}
	rows, err := tx.Query(ctx, selectSuggestions+` AND job_id = $1`, id)
	if err != nil {
		return job, Suggestion{}, fmt.Errorf("read suggestion: %w", err)
	}
	suggested, err := pgx.CollectExactlyOneRow(rows, scanSuggestion)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNoSuggestion
	}
	return job, suggested, err
}
