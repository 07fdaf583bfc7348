package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Filter says which runs to list. Its zero fields do not filter.
type Filter struct {
	Namespace string
	JobID     uuid.UUID
	States    []carillon.State
	Kind      carillon.Kind
	From, To  time.Time // fire time; To is excluded
	After     Position
	Limit     int
}

// Position is a place in the list, which begins with the newest fire time.
type Position struct {
	FireTime time.Time `json:"t"`
	ID       uuid.UUID `json:"i"`
}

// PositionOf returns the place of a run.
func PositionOf(run Run) Position { return Position{run.FireTime, run.ID} }

// List returns the runs that come first after filter.After.
func (l *Ledger) List(ctx context.Context, filter Filter) ([]Run, error) {
	sql, args := filter.query(scope.From(ctx))
	rows, err := l.pool.Query(ctx, sql, args)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Run])
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
	if f.JobID != uuid.Nil {
		where("job_id = @job_id", "job_id", f.JobID)
	}
	if len(f.States) > 0 {
		where("state = ANY(@states)", "states", f.States)
	}
	if f.Kind != "" {
		where("kind = @kind", "kind", f.Kind)
	}
	if !f.From.IsZero() {
		where("fire_time >= @from", "from", f.From)
	}
	if !f.To.IsZero() {
		where("fire_time < @to", "to", f.To)
	}
	if f.After != (Position{}) {
		where("(fire_time, id) < (@after_time, @after_id)", "after_time", f.After.FireTime)
		args["after_id"] = f.After.ID
	}
	return selectRun + strings.Join(conditions, " AND ") + ` ORDER BY fire_time DESC, id DESC LIMIT @limit`, args
}
