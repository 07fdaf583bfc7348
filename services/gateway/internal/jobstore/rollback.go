package jobstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ErrNoRevision says that the job never had that revision.
var ErrNoRevision = errors.New("the job has no such revision")

// Rollback makes the document of an earlier revision the job's again, as a new
// revision, with all that it says: also whether the job is paused, and what
// adaptive rescheduling had made of it. It keeps adaptive rescheduling off the job
// for [QuietAfterRefusal]. If the job has that document already, nothing is
// written. It fails with ErrNotFound, ErrNoRevision, ErrNameTaken or fault.Faults.
func (s *Store) Rollback(ctx context.Context, actor string, id uuid.UUID, revision int64) (carillon.Job, error) {
	var job carillon.Job
	err := s.transact(ctx, func(tx pgx.Tx) (*change, error) {
		before, err := lock(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		then, err := one(ctx, tx, `
			SELECT job_id, revision, effective_from, document FROM job_revisions WHERE job_id = $1 AND revision = $2`, id, revision)
		if errors.Is(err, ErrNotFound) {
			return nil, ErrNoRevision
		}
		if err == nil {
			err = then.Validate() // an older version may have taken what this one does not
		}
		if err != nil {
			return nil, err
		}
		job, err = successor(before, then.Document)
		if err != nil || job.Revision == before.Revision {
			return nil, err
		}
		return &change{
			actor: actor, action: RolledBack, before: &before, after: job,
			reason: fmt.Sprintf("Rolled back to revision %d.", revision), quiet: QuietAfterRefusal,
		}, nil
	})
	return job, err
}
