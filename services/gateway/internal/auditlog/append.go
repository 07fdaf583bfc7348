// Package auditlog keeps who changed what.
//
// A change writes its line in its own transaction, so there is no change without a
// line, and no line without a change. What is only asked of the runners, a run by
// hand or a cancel, has its line a moment after. Lines are never changed, and none
// holds a secret.
//
// A line belongs to the namespace of what was changed. What belongs to none, or to
// several, such as a queue, is only for those whose scope is not limited.
package auditlog

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Change is a line to be written.
type Change struct {
	Actor     string
	Namespace string // "" if it belongs to none
	Action    string // in the past tense, such as "created"
	Object    string // a kind and a name or id, such as "queue/default"
	Before    []byte // JSON; nil for what was not there
	After     []byte // JSON; nil for what is not there any more
}

const insert = `
	INSERT INTO audit_log (actor, namespace, action, object, before, after) VALUES ($1, nullif($2, ''), $3, $4, $5, $6)`

func (c Change) args() []any {
	return []any{c.Actor, c.Namespace, c.Action, c.Object, c.Before, c.After}
}

// Append queues a line in a batch that runs within the transaction of the change.
func Append(batch *pgx.Batch, c Change) { batch.Queue(insert, c.args()...) }

// Write writes a line on its own.
func (l *Log) Write(ctx context.Context, c Change) error {
	if _, err := l.pool.Exec(ctx, insert, c.args()...); err != nil {
		return fmt.Errorf("write audit log: %w", err)
	}
	return nil
}
