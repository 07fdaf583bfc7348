package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Filter says which runs to list. Its zero fields do not filter.
type Filter struct {
	Namespaces []string // of the scope; those beyond it are passed over
	JobID      uuid.UUID
	States     []carillon.State
	Kind       carillon.Kind
	From, To   time.Time // fire time; To is excluded
	After      Position
	Limit      int
}

// Position is a place in the list, which begins with the newest fire time.
type Position struct {
	FireTime time.Time `json:"t"`
	ID       uuid.UUID `json:"i"`
}

// PositionOf returns the place of a run.
func PositionOf(run Run) Position { return Position{run.FireTime, run.ID} }

// List returns the runs that come first after filter.After.
//
// It looks through the days from the newest on, a few at first and more at a time
// the longer it finds too little. A question to all days at once would cost their
// planning, and a lock on each of their indexes, also where the newest day has the
// answer.
func (l *Ledger) List(ctx context.Context, filter Filter) ([]Run, error) {
	filter, reaches := filter.inScope(scope.From(ctx))
	if !reaches {
		return nil, nil
	}
	days, err := l.days(ctx, filter)
	if err != nil {
		return nil, err
	}
	var runs []Run
	for window := range windows(days) {
		more, err := l.listWithin(ctx, filter, filter.within(window), filter.Limit-len(runs))
		if err != nil {
			return nil, err
		}
		if runs = append(runs, more...); len(runs) >= filter.Limit {
			break
		}
	}
	return runs, nil
}

// inScope leaves of the namespaces those of a scope; false if there are none.
func (f Filter) inScope(within scope.Scope) (narrowed Filter, some bool) {
	if len(f.Namespaces) == 0 {
		f.Namespaces = within.Names()
	} else {
		f.Namespaces = slices.DeleteFunc(slices.Clone(f.Namespaces), func(n string) bool { return !within.Admits(n) })
	}
	return f, len(f.Namespaces) > 0 || f.Namespaces == nil
}

// listWithin has Postgres plan for the very question: a plan for any would not
// know which days to leave out, nor that a state is one of a partial index.
func (l *Ledger) listWithin(ctx context.Context, filter Filter, window window, limit int) ([]Run, error) {
	sql, args := filter.query(window, limit)
	rows, err := l.pool.Query(ctx, sql, pgx.QueryExecModeDescribeExec, args)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Run])
}

// query names only the conditions that filter.
//
// Several namespaces or states are asked for one by one, and what they come to is
// merged: an index gives the order of time for one value of each only. With
// succeeded among the states, that would gain nothing.
func (f Filter) query(within window, limit int) (string, pgx.NamedArgs) {
	args := pgx.NamedArgs{"limit": limit, "from": within.from, "to": within.to}
	conditions := []string{"fire_time >= @from AND fire_time < @to"}
	var each []string
	where := func(condition, name string, value any) {
		conditions = append(conditions, condition)
		args[name] = value
	}
	if len(f.Namespaces) == 1 {
		where("namespace = @namespace", "namespace", f.Namespaces[0])
	} else if len(f.Namespaces) > 1 {
		each = append(each, "unnest(@namespaces::text[]) AS one_namespace")
		where("namespace = one_namespace", "namespaces", f.Namespaces)
	}
	if slices.Contains(f.States, carillon.StateSucceeded) {
		where("state = ANY(@states)", "states", f.States)
	} else if len(f.States) > 0 {
		each = append(each, "unnest(@states::text[]) AS one_state")
		where("state = one_state AND state <> 'succeeded'", "states", f.States)
	}
	if f.JobID != uuid.Nil {
		where("job_id = @job_id", "job_id", f.JobID)
	}
	if f.Kind != "" {
		where("kind = @kind", "kind", f.Kind)
	}
	if f.After != (Position{}) {
		where("(fire_time, id) < (@after_time, @after_id)", "after_time", f.After.FireTime)
		args["after_id"] = f.After.ID
	}
	const order = ` ORDER BY fire_time DESC, id DESC LIMIT @limit`
	found := selectRun + strings.Join(conditions, " AND ") + order
	if len(each) > 0 {
		found = `SELECT run.* FROM ` + strings.Join(each, ", ") + `, LATERAL (` + found + `) AS run` + order
	}
	return found, args
}
