package auditlog

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Entry is a line of the log.
type Entry struct {
	ID        int64           `json:"id" doc:"Later lines have higher ones."`
	At        time.Time       `json:"at"`
	Actor     string          `json:"actor" doc:"Name of the key, or of the person, that made the change." example:"deploy"`
	Namespace string          `json:"namespace,omitempty" doc:"Missing for what belongs to no single namespace." example:"billing"`
	Action    string          `json:"action" example:"updated"`
	Object    string          `json:"object" doc:"What was changed: its kind, and its id or name." example:"job/01939a7e-0000-7000-8000-000000000000"`
	Before    json.RawMessage `json:"before,omitempty" doc:"What it was; missing if it was not there, or for what is only done."`
	After     json.RawMessage `json:"after,omitempty" doc:"What it became; missing if it is gone."`
}

// Log reads and writes the log. It is safe for concurrent use.
type Log struct{ pool *pgxpool.Pool }

// New returns the log of a database.
func New(pool *pgxpool.Pool) *Log { return &Log{pool} }

// Filter says which lines to list. Its zero fields do not filter.
type Filter struct {
	Namespace string
	Actor     string
	Object    string // exact, or a kind with its slash, such as "job/"
	Action    string
	From, To  time.Time // To is excluded
	Before    int64     // only lines with lower ids
	Limit     int
}

// List returns lines within the scope, the newest first.
func (l *Log) List(ctx context.Context, filter Filter) ([]Entry, error) {
	sql, args := filter.query(scope.From(ctx))
	rows, err := l.pool.Query(ctx, sql, args)
	if err != nil {
		return nil, fmt.Errorf("read audit log: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (e Entry, err error) {
		err = row.Scan(&e.ID, &e.At, &e.Actor, &e.Namespace, &e.Action, &e.Object, (*[]byte)(&e.Before), (*[]byte)(&e.After))
		e.At = e.At.UTC()
		return e, err
	})
}

// query names only the conditions that filter, so that each kind of list gets a
// plan of its own.
func (f Filter) query(within scope.Scope) (string, pgx.NamedArgs) {
	args := pgx.NamedArgs{"limit": f.Limit}
	conditions := []string{within.Within(f.Namespace).Where("namespace", args)}
	where := func(filters bool, condition, name string, value any) {
		if filters {
			conditions = append(conditions, condition)
			args[name] = value
		}
	}
	where(f.Actor != "", "actor = @actor", "actor", f.Actor)
	where(f.Action != "", "action = @action", "action", f.Action)
	where(f.Object != "" && !f.ofKind(), "object = @object", "object", f.Object)
	kind, _, _ := strings.Cut(f.Object, "/")
	where(f.ofKind(), "split_part(object, '/', 1) = @kind", "kind", kind)
	where(f.ofKind(), "starts_with(object, @object)", "object", f.Object)
	where(!f.From.IsZero(), "at >= @from AND id > "+fromID, "from", f.From)
	where(!f.To.IsZero(), "at < @to AND id < "+toID, "to", f.To)
	where(f.Before > 0, "id < @before", "before", f.Before)
	return `SELECT id, at, actor, coalesce(namespace, ''), action, object, before, after FROM audit_log WHERE ` +
		strings.Join(conditions, " AND ") + ` ORDER BY id DESC LIMIT @limit`, args
}

// fromID and toID bound a list by ids, in the order of which it is read, so that it
// does not walk all lines of another time. Ids follow the times but for as long as a
// transaction takes, and a clock is wrong: an hour is far more.
const (
	fromID = `coalesce((SELECT id FROM audit_log WHERE at < @from::timestamptz - interval '1 hour' ORDER BY at DESC LIMIT 1), 0)`
	toID   = `coalesce((SELECT id FROM audit_log WHERE at > @to::timestamptz + interval '1 hour' ORDER BY at LIMIT 1), 9223372036854775807)`
)

func (f Filter) ofKind() bool { return strings.HasSuffix(f.Object, "/") }
