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

// List returns the first jobs after a position, the zero one for the beginning.
func (s *Store) List(ctx context.Context, filter Filter, after Position, limit int) ([]carillon.Job, error) {
	where := filter.where(scope.From(ctx))
	where.args["limit"] = limit
	if after != (Position{}) {
		where.add("(namespace, name) > (@after_namespace, @after_name)", "after_namespace", after.Namespace)
		where.args["after_name"] = after.Name
	}
	rows, err := s.pool.Query(ctx, `SELECT id, revision, effective_from, document FROM jobs WHERE `+where.String()+
		` ORDER BY namespace, name LIMIT @limit`, where.args)
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	return pgx.CollectRows(rows, scanJob)
}
