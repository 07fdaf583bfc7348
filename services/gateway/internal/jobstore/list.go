package jobstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/jackc/pgx/v5"
)

// Filter says which jobs to list. Its zero fields do not filter.
type Filter struct {
	Namespace string
	Labels    map[string]string // a job must have all of them
	Paused    *bool
	Text      string // part of the name, in any case
	After     Position
	Limit     int
}

// Position is a place in the list, which is ordered by namespace and name.
type Position struct {
	Namespace string `json:"n"`
	Name      string `json:"m"`
}

// PositionOf returns the place of a job.
func PositionOf(job carillon.Job) Position { return Position{job.Namespace, job.Name} }

// List returns the jobs that come first after filter.After.
func (s *Store) List(ctx context.Context, filter Filter) ([]carillon.Job, error) {
	sql, args := filter.query(scope.From(ctx))
	rows, err := s.pool.Query(ctx, sql, args)
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	return pgx.CollectRows(rows, scanJob)
}

// query names only the conditions that filter, so that each kind of list gets a
// plan of its own.
func (f Filter) query(within scope.Scope) (string, pgx.NamedArgs) {
	args := pgx.NamedArgs{"limit": f.Limit}
	conditions := []string{within.Within(f.Namespace).Where("namespace", args)}
	where := func(condition, name string, value any) {
		conditions = append(conditions, condition)
		args[name] = value
	}
	if len(f.Labels) > 0 {
		labels, _ := json.Marshal(f.Labels) // cannot fail: strings only
		where("labels @> @labels::jsonb", "labels", string(labels))
	}
	if f.Paused != nil {
		where("paused = @paused", "paused", *f.Paused)
	}
	if f.Text != "" {
		where("name ILIKE @text", "text", "%"+likeEscape.Replace(f.Text)+"%")
	}
	if f.After != (Position{}) {
		where("(namespace, name) > (@after_namespace, @after_name)", "after_namespace", f.After.Namespace)
		args["after_name"] = f.After.Name
	}
	return `SELECT id, revision, effective_from, document FROM jobs WHERE ` +
		strings.Join(conditions, " AND ") + ` ORDER BY namespace, name LIMIT @limit`, args
}

var likeEscape = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
