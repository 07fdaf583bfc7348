package jobstore

import (
	"context"
	"errors"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
)

// Find returns the job with a name, or ErrNotFound.
func (s *Store) Find(ctx context.Context, namespace, name string) (carillon.Job, error) {
	return one(ctx, s.pool, `
		SELECT id, revision, effective_from, document FROM jobs
		WHERE namespace = $1 AND name = $2 AND ($3::text[] IS NULL OR namespace = ANY($3))`, namespace, name, scope.From(ctx).Names())
}

// Ensure makes a job of a valid document, or gives the job of that name the
// document: but whether it is paused stays as it is.
func (s *Store) Ensure(ctx context.Context, actor string, document carillon.Document) error {
	job, err := s.Find(ctx, document.Namespace, document.Name)
	if errors.Is(err, ErrNotFound) {
		_, err = s.Create(ctx, actor, document)
		return err
	}
	if err != nil {
		return err
	}
	_, err = s.Change(ctx, actor, job.ID, nil, Updated, func(present carillon.Document) (carillon.Document, error) {
		document.Paused = present.Paused
		return document, nil
	})
	return err
}
