package secretstore

import (
	"context"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/jackc/pgx/v5"
)

// Secret is what may be known of a secret: all but its value.
type Secret struct {
	Namespace string    `json:"namespace"`
	Name      string    `json:"name" example:"report-token"`
	Version   int64     `json:"version" doc:"Counts the values, from 1."`
	Previous  bool      `json:"previous" doc:"Whether the value before is kept: signatures are made with both."`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at" doc:"When the value last changed."`
	Uses      int       `json:"uses" doc:"How many jobs name it."`
	UsedBy    []string  `json:"used_by" doc:"Names of the first hundred of these jobs."`
}

// Filter says which secrets to list. Its zero fields do not filter.
type Filter struct {
	Namespace string
	After     carillon.SecretName // in the list, by namespace and name
	Limit     int
}

// NameOf returns what a secret is known by, which is its place in the list.
func NameOf(s Secret) carillon.SecretName {
	return carillon.SecretName{Namespace: s.Namespace, Name: s.Name}
}

// List returns the secrets that come first after filter.After.
func (s *Store) List(ctx context.Context, filter Filter) ([]Secret, error) {
	secrets, err := query(ctx, s.pool, `
		WHERE ($1::text[] IS NULL OR s.namespace = ANY($1)) AND (s.namespace, s.name) > ($2, $3)
		ORDER BY s.namespace, s.name LIMIT $4`, scope.From(ctx).Within(filter.Namespace).Names(), filter.After.Namespace, filter.After.Name, filter.Limit)
	if err != nil {
		return nil, fmt.Errorf("list secrets: %w", err)
	}
	return secrets, nil
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func query(ctx context.Context, db querier, which string, args ...any) ([]Secret, error) {
	rows, err := db.Query(ctx, `
		SELECT s.namespace, s.name, s.version, s.previous_version IS NOT NULL, s.created_at, s.updated_at, uses.n,
			ARRAY(SELECT j.name FROM job_secrets u JOIN jobs j ON j.id = u.job_id
				WHERE u.namespace = s.namespace AND u.name = s.name ORDER BY j.name LIMIT 100)
		FROM secrets s CROSS JOIN LATERAL (
			SELECT count(*) AS n FROM job_secrets u WHERE u.namespace = s.namespace AND u.name = s.name
		) AS uses `+which, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Secret, error) {
		s, err := pgx.RowToStructByPos[Secret](row)
		s.CreatedAt, s.UpdatedAt = s.CreatedAt.UTC(), s.UpdatedAt.UTC()
		return s, err
	})
}
