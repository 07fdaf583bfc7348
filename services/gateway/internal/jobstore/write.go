package jobstore

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/effect"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Create stores a valid document as a new job. It fails with ErrNameTaken, with
// *[scope.ForeignError], or with fault.Faults; also when the instant of the
// schedule is before the job's first effect.
func (s *Store) Create(ctx context.Context, actor string, document carillon.Document) (carillon.Job, error) {
	if err := scope.From(ctx).Check(document.Namespace); err != nil {
		return carillon.Job{}, err
	}
	conn, err := s.pool.Acquire(ctx) // before the time counts: there may be a queue
	if err != nil {
		return carillon.Job{}, err
	}
	defer conn.Release()
	job := carillon.Job{
		ID: carillon.NewJobID(), Revision: 1, Document: document.KeepAdapted(carillon.Document{}),
		EffectiveFrom: effect.From(time.Now(), time.Time{}),
	}
	if err := reachable(job, nil); err != nil {
		return job, err
	}
	return job, s.create(ctx, conn, &change{actor: actor, action: Created, after: job, quiet: QuietAfterEdit})
}

// Edit makes a new document of a job's present one.
type Edit func(carillon.Document) (carillon.Document, error)

// Change replaces a job's document by what edit makes of it, which must be
// valid, and returns the job as it is then. What adaptive rescheduling made of it
// stays, as [carillon.Document.KeepAdapted] says. If edit changes nothing, nothing
// is written. It fails with ErrNotFound, *[MismatchError], ErrNameTaken, fault.Faults, or
// edit's error.
func (s *Store) Change(ctx context.Context, actor string, id uuid.UUID, match Match, action Action, edit Edit) (carillon.Job, error) {
	var job carillon.Job
	err := s.transact(ctx, func(tx pgx.Tx) (*change, error) {
		before, err := lockMatching(ctx, tx, id, match)
		if err != nil {
			return nil, err
		}
		document, err := edit(before.Document)
		if err != nil {
			return nil, err
		}
		job, err = successor(before, document.KeepAdapted(before.Document))
		if err != nil || job.Revision == before.Revision {
			return nil, err
		}
		return &change{actor: actor, action: action, before: &before, after: job, quiet: QuietAfterEdit}, nil
	})
	return job, err
}

// Delete removes a job; its revisions stay. It fails with ErrNotFound or
// *[MismatchError].
func (s *Store) Delete(ctx context.Context, actor string, id uuid.UUID, match Match) error {
	return s.transact(ctx, func(tx pgx.Tx) (*change, error) {
		before, err := lockMatching(ctx, tx, id, match)
		if err != nil {
			return nil, err
		}
		return &change{actor: actor, action: Deleted, before: &before, after: next(before, before.Document)}, nil
	})
}

func lock(ctx context.Context, tx pgx.Tx, id uuid.UUID) (carillon.Job, error) {
	return one(ctx, tx, selectOne+` FOR UPDATE`, id, scope.From(ctx).Names())
}

func lockMatching(ctx context.Context, tx pgx.Tx, id uuid.UUID, match Match) (carillon.Job, error) {
	job, err := lock(ctx, tx, id)
	if err == nil {
		err = match.check(job.Revision)
	}
	return job, err
}

// successor is the job with a new document, or the job itself if that is the
// same document.
func successor(job carillon.Job, document carillon.Document) (carillon.Job, error) {
	if bytes.Equal(encode(document), encode(job.Document)) {
		return job, nil
	}
	if document.Namespace != job.Namespace {
		return job, fault.Faults{{Field: "namespace", Message: "cannot change; it is " + job.Namespace}}
	}
	after := next(job, document)
	return after, reachable(after, job.Schedule.At)
}

// reachable refuses an instant that passes before the revision takes effect: the
// job would never fire, and nobody would learn why. One that the job had already
// may have passed.
func reachable(job carillon.Job, had *time.Time) error {
	at := job.Schedule.At
	if at == nil || had != nil && at.Equal(*had) || !at.Before(job.EffectiveFrom) {
		return nil
	}
	return fault.Faults{{
		Field:   "schedule.at",
		Message: "is too early: the job takes effect at " + job.EffectiveFrom.Format(time.RFC3339Nano),
	}}
}

func next(job carillon.Job, document carillon.Document) carillon.Job {
	return carillon.Job{
		ID: job.ID, Revision: job.Revision + 1, Document: document,
		EffectiveFrom: effect.From(time.Now(), job.EffectiveFrom),
	}
}

// encode returns a document's JSON: its stored form, and what tells two apart.
func encode(document carillon.Document) []byte {
	data, _ := json.Marshal(document) // cannot fail: it holds only data
	return data
}
