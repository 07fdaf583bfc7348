package jobstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The refusals.
var (
	ErrNotFound  = errors.New("no such job")
	ErrNameTaken = errors.New("another job of the namespace has that name")
)

// Action says what a revision did to the job.
type Action string

// The actions.
const (
	Created Action = "created"
	Updated Action = "updated"
	Paused  Action = "paused"
	Resumed Action = "resumed"
	Deleted Action = "deleted"
	// RolledBack is the document of an earlier revision again.
	RolledBack Action = "rolled_back"
	// What adaptive rescheduling does, by itself or for a person who accepts it.
	Stretched = Action(carillon.Stretched)
	Relaxed   = Action(carillon.Relaxed)
	Moved     = Action(carillon.Moved)
)

// Store reads and writes jobs. It is safe for concurrent use.
type Store struct {
	pool    *pgxpool.Pool
	written func()
}

// New returns the store of a database. It calls written after every commit that
// left something in the outbox.
func New(pool *pgxpool.Pool, written func()) *Store {
	return &Store{pool: pool, written: written}
}

// selectOne selects a job by its id, within a scope.
const selectOne = `
	SELECT id, revision, effective_from, document FROM jobs
	WHERE id = $1 AND ($2::text[] IS NULL OR namespace = ANY($2))`

// Get returns a job, or ErrNotFound.
func (s *Store) Get(ctx context.Context, id uuid.UUID) (carillon.Job, error) {
	return one(ctx, s.pool, selectOne, id, scope.From(ctx).Names())
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func one(ctx context.Context, db querier, sql string, args ...any) (carillon.Job, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return carillon.Job{}, fmt.Errorf("read job: %w", err)
	}
	job, err := pgx.CollectExactlyOneRow(rows, scanJob)
	if errors.Is(err, pgx.ErrNoRows) {
		return carillon.Job{}, ErrNotFound
	}
	return job, err
}

// scanJob reads the columns id, revision, effective_from, document.
func scanJob(row pgx.CollectableRow) (carillon.Job, error) {
	var job carillon.Job
	var document []byte
	if err := row.Scan(&job.ID, &job.Revision, &job.EffectiveFrom, &document); err != nil {
		return job, err
	}
	job.EffectiveFrom = job.EffectiveFrom.UTC()
	return job, json.Unmarshal(document, &job.Document)
}

// Revision is a state that a job was in.
type Revision struct {
	Action    Action
	Actor     string
	Reason    string // a sentence, or ""
	CreatedAt time.Time
	Job       carillon.Job
}

// Revisions returns the newest revisions before the given number, the newest
// first; 0 means before none. Revisions outlive their job: ErrNotFound only says
// that there never was one.
func (s *Store) Revisions(ctx context.Context, job uuid.UUID, before int64, limit int) ([]Revision, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT job_id, revision, effective_from, document, action, actor, reason, created_at FROM job_revisions
		WHERE job_id = $1 AND ($2 = 0 OR revision < $2) AND ($4::text[] IS NULL OR document->>'namespace' = ANY($4))
		ORDER BY revision DESC LIMIT $3`, job, before, limit, scope.From(ctx).Names())
	if err != nil {
		return nil, fmt.Errorf("read revisions: %w", err)
	}
	revisions, err := pgx.CollectRows(rows, scanRevision)
	if err == nil && len(revisions) == 0 && before == 0 {
		return nil, ErrNotFound
	}
	return revisions, err
}

func scanRevision(row pgx.CollectableRow) (Revision, error) {
	var r Revision
	var document []byte
	err := row.Scan(&r.Job.ID, &r.Job.Revision, &r.Job.EffectiveFrom, &document, &r.Action, &r.Actor, &r.Reason, &r.CreatedAt)
	if err != nil {
		return r, err
	}
	r.Job.EffectiveFrom, r.CreatedAt = r.Job.EffectiveFrom.UTC(), r.CreatedAt.UTC()
	return r, json.Unmarshal(document, &r.Job.Document)
}
