package jobstore

import (
	"context"
	"fmt"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/jackc/pgx/v5"
)

// Position is a place in the list, which is ordered by namespace and name.
type Position struct {
	Namespace string `json:"n"`
	Name      string `json:"m"`
}

// PositionOf returns the place of a job.
func PositionOf(job carillon.Job) Position { return Position{job.Namespace, job.Name} }

// List returns the first jobs after a position, the zero one for the beginning. It
// first finds out which, so that what is only about names is answered by their index,
// and whatever is sorted is small.
func (s *Store) List(ctx context.Context, filter Filter, after Position, limit int) ([]carillon.Job, error) {
	where := filter.where(scope.From(ctx))
	where.args["limit"] = limit
	if after != (Position{}) {
		where.add("(namespace, name) > (@after_namespace, @after_name)", "after_namespace", after.Namespace)
		where.args["after_name"] = after.Name
	}
	rows, err := s.pool.Query(ctx, `
		WITH found AS MATERIALIZED (SELECT namespace, name FROM jobs WHERE `+where.String()+` ORDER BY namespace, name LIMIT @limit)
		SELECT id, revision, effective_from, document FROM found CROSS JOIN LATERAL (
			SELECT * FROM jobs WHERE jobs.namespace = found.namespace AND jobs.name = found.name LIMIT 1 -- by the index, whatever the planner thinks
		) AS job ORDER BY found.namespace, found.name`, where.args)
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	return pgx.CollectRows(rows, scanJob)
}
