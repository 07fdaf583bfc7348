package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go/jetstream"
)

// NotEmptyError says that a system cannot be restored into, because something is
// there already.
type NotEmptyError struct{ What string }

func (e *NotEmptyError) Error() string { return "the system is not empty: " + e.What }

// streams are those that must hold nothing before, and nothing after a failure.
var streams = []string{topology.JobsStream, topology.RunsStream, topology.OutcomesStream, topology.SignalsStream}

// checkEmpty fails with *[NotEmptyError] unless neither server has anything of a
// Carillon but what an unused one has.
func (c *connected) checkEmpty(ctx context.Context) error {
	for _, table := range slices.Concat(tables, ledgerTables, days, leftOut) {
		if slices.Contains(prefilled, table) || table == "schema_version" {
			continue
		}
		some, err := c.someRow(ctx, table)
		if err != nil {
			return err
		}
		if some {
			return &NotEmptyError{"the database has rows in " + table}
		}
	}
	for _, name := range streams {
		stream, err := c.js.Stream(ctx, name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("stream %s: %w", name, err)
		}
		if n := stream.CachedInfo().State.Msgs; n > 0 {
			return &NotEmptyError{fmt.Sprintf("the stream %s of NATS has %d messages", name, n)}
		}
	}
	return c.checkIdle(ctx)
}

// checkIdle fails with *[NotEmptyError] while a planner is at work: it would plan
// what is restored before the marks are there.
func (c *connected) checkIdle(ctx context.Context) error {
	planning, err := c.planning(ctx)
	if err == nil && planning {
		return &NotEmptyError{"a planner is at work"}
	}
	return err
}

// someRow reports whether a table is there and has a row.
func (c *connected) someRow(ctx context.Context, table string) (some bool, err error) {
	if err := c.db.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, table).Scan(&some); err != nil || !some {
		return false, err
	}
	err = c.db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM `+pgx.Identifier{table}.Sanitize()+`)`).Scan(&some)
	return some, err
}

// empty takes back what was published.
func (c *connected) empty(ctx context.Context) error {
	var failed []string
	for _, name := range streams {
		stream, err := c.js.Stream(ctx, name)
		if err == nil {
			err = stream.Purge(ctx)
		}
		if err != nil {
			failed = append(failed, name)
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("what was published to %s is still there: delete these streams before you try again", strings.Join(failed, ", "))
	}
	return nil
}
