// Package index builds indexes of the ledger that a migration has announced.
//
// To index fifty million runs takes minutes, and whoever writes would wait all the
// while. So a migration makes an index ON ONLY the partitioned table, which takes
// no time; days that come from then on have it from the start:
//
//	migration     CREATE INDEX runs_x_idx ON ONLY runs (…)      announced: invalid
//	this package  for each day: CREATE INDEX CONCURRENTLY …, ALTER INDEX runs_x_idx ATTACH PARTITION …
//	Postgres      with the last day's, runs_x_idx is valid      nothing left to do
//
// One recorder builds, one index at a time. If it is interrupted, what it was at is
// dropped and built again by the next.
package index

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// interval lies between two looks; after a migration the first one counts.
	interval = time.Hour
	// turn is the key of the advisory lock of whoever builds.
	turn = 0x696e_6465_7865_7321
)

// Run builds what is announced until ctx ends. The pool stays the caller's; it says
// where the database is, and none of its connections is used.
func Run(ctx context.Context, pool *pgxpool.Pool) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := Build(ctx, pool); err != nil && ctx.Err() == nil {
			slog.Warn("indexes not built, will try again", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// Build builds what is announced, unless another recorder does. It fails with the
// errors of all indexes that were left.
func Build(ctx context.Context, pool *pgxpool.Pool) error {
	config := pool.Config().ConnConfig
	config.RuntimeParams["statement_timeout"] = "0" // a build ends with ctx
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) // also gives up the turn
	var mine bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, turn).Scan(&mine); err != nil || !mine {
		return err
	}
	missing, err := find(ctx, conn)
	for _, one := range missing {
		err = errors.Join(err, one.build(ctx, conn))
	}
	return err
}

// part is the index of a partition that is to be built.
type part struct {
	Index      string // that was announced
	Table      string // that it is of
	Partition  string // that has none yet
	Definition string // of the announced index, as a statement
}

// find returns what is missing, for the newest days first.
func find(ctx context.Context, conn *pgx.Conn) ([]part, error) {
	rows, err := conn.Query(ctx, `
		SELECT announced.relname, parent.relname, partition.relname, pg_get_indexdef(announced.oid)
		FROM pg_index
		JOIN pg_class AS announced ON announced.oid = indexrelid
		JOIN pg_class AS parent ON parent.oid = indrelid AND parent.relkind = 'p'
		JOIN pg_inherits AS day ON day.inhparent = parent.oid
		JOIN pg_class AS partition ON partition.oid = day.inhrelid
		WHERE NOT indisvalid AND NOT EXISTS (
			SELECT FROM pg_inherits AS built JOIN pg_index AS child ON child.indexrelid = built.inhrelid
			WHERE built.inhparent = announced.oid AND child.indrelid = partition.oid)
		ORDER BY partition.relname DESC`)
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[part])
}

func (p part) build(ctx context.Context, conn *pgx.Conn) error {
	name := p.Partition + strings.TrimPrefix(p.Index, p.Table)
	announced := fmt.Sprintf("INDEX %s ON ONLY public.%s ", p.Index, p.Table)
	wanted := fmt.Sprintf("INDEX CONCURRENTLY %s ON public.%s ", name, p.Partition)
	began := time.Now()
	for _, sql := range []string{
		`SET lock_timeout = 0`,                      // these two wait for others, and nobody waits for them
		`DROP INDEX CONCURRENTLY IF EXISTS ` + name, // of a build that was interrupted
		strings.Replace(p.Definition, announced, wanted, 1),
		`SET lock_timeout = '1s'`,
		`ALTER INDEX ` + p.Index + ` ATTACH PARTITION ` + name,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	slog.Info("index built", "index", name, "took", time.Since(began))
	return nil
}
