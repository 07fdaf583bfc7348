package jobstore

import (
	"context"
	"fmt"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/jackc/pgx/v5"
)

// Namespace is one that has jobs, or may have.
type Namespace struct {
	Name string `json:"name" example:"billing"`
	Jobs int    `json:"jobs" doc:"How many jobs it has." example:"12"`
}

// Namespaces returns the namespaces after a name: those that have jobs within the
// scope, and those that the scope names.
func (s *Store) Namespaces(ctx context.Context, after string, limit int) ([]Namespace, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT namespace, count(id) FROM (
			SELECT namespace, id FROM jobs WHERE namespace > $2 AND ($1::text[] IS NULL OR namespace = ANY($1))
			UNION ALL SELECT named COLLATE "C", NULL FROM unnest($1::text[]) AS named WHERE named COLLATE "C" > $2
		) AS known GROUP BY namespace ORDER BY namespace LIMIT $3`, scope.From(ctx).Names(), after, limit)
	if err != nil {
		return nil, fmt.Errorf("list namespaces: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Namespace])
}
