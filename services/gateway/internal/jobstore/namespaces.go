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
}

// Namespaces returns the namespaces after a name: those of a limited scope, or else
// those that have jobs. It leaps from one to the next, however many jobs they have.
func (s *Store) Namespaces(ctx context.Context, after string, limit int) ([]Namespace, error) {
	rows, err := s.pool.Query(ctx, `
		WITH RECURSIVE used (name) AS (
			(SELECT namespace FROM jobs WHERE namespace > $2 AND $1::text[] IS NULL ORDER BY namespace LIMIT 1)
			UNION ALL
			SELECT (SELECT namespace FROM jobs WHERE namespace > used.name ORDER BY namespace LIMIT 1) FROM used WHERE used.name IS NOT NULL
		)
		SELECT name FROM used WHERE name IS NOT NULL
		UNION SELECT named COLLATE "C" FROM unnest($1::text[]) AS named WHERE named COLLATE "C" > $2
		ORDER BY name LIMIT $3`, scope.From(ctx).Names(), after, limit)
	if err != nil {
		return nil, fmt.Errorf("list namespaces: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Namespace])
}
