package retention

import (
	"context"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/shared/lull"
	"github.com/jackc/pgx/v5"
)

// pages is how much of a table one statement deletes from: some ten thousand runs
// at most, so that nothing is locked, and nothing written, for long.
const pages = 200

// drop removes both tables of a day.
func (p *partition) drop(ctx context.Context, tx pgx.Tx) error {
	return execute(ctx, tx,
		p.lock(),
		`DROP TABLE `+p.runs()+`, `+p.attempts())
}

// lock keeps everybody from the day and its parents, and nobody from other days: an
// autovacuum there must not put this one off.
func (p *partition) lock() string {
	return `LOCK TABLE ONLY runs, ONLY attempts, ` + p.runs() + `, ` + p.attempts() + ` IN ACCESS EXCLUSIVE MODE`
}

// rewrite copies what stays of a day, and puts the copies into the tables' places.
// The check on each copy spares Postgres from reading it once more while
// everybody waits.
func (p *partition) rewrite(ctx context.Context, tx pgx.Tx) error {
	runs, attempts := p.runs(), p.attempts()
	bounds := fmt.Sprintf(`'%s+00' AND fire_time < '%s+00'`, p.day.Format(time.DateOnly), p.day.Add(day).Format(time.DateOnly))
	check := `, CONSTRAINT day CHECK (fire_time IS NOT NULL AND fire_time >= ` + bounds + `))`
	if err := execute(ctx, tx,
		`CREATE TABLE `+runs+`_kept (LIKE runs INCLUDING ALL`+check,
		`CREATE TABLE `+attempts+`_kept (LIKE attempts INCLUDING ALL`+check); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO `+runs+`_kept SELECT r.* FROM `+runs+judged+` WHERE NOT `+expired, p.age(), p.today); err != nil {
		return err
	}
	steps := []string{
		`INSERT INTO ` + attempts + `_kept SELECT a.* FROM ` + attempts + ` AS a JOIN ` + runs + `_kept AS r ON r.fire_time = a.fire_time AND r.id = a.run_id`,
		`ANALYZE ` + runs + `_kept, ` + attempts + `_kept`,
		p.lock(),
		`DROP TABLE ` + runs + `, ` + attempts,
	}
	return execute(ctx, tx, append(append(steps, p.install("runs", runs)...), p.install("attempts", attempts)...)...)
}

// install makes the copy of a table its partition.
func (p *partition) install(parent, name string) []string {
	return []string{
		`ALTER TABLE ` + name + `_kept RENAME TO ` + name,
		fmt.Sprintf(`ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM ('%s+00') TO ('%s+00')`, parent, name,
			p.day.Format(time.DateOnly), p.day.Add(day).Format(time.DateOnly)),
		`ALTER TABLE ` + name + ` DROP CONSTRAINT day`,
	}
}

func execute(ctx context.Context, tx pgx.Tx, steps ...string) error {
	for _, sql := range steps {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// delete removes single rows, page by page, and rests as long as it works.
func (p *partition) delete(ctx context.Context) error {
	var size int
	err := p.conn.QueryRow(ctx, `SELECT pg_relation_size($1::regclass) / current_setting('block_size')::int`, p.runs()).Scan(&size)
	for page := 0; page <= size && err == nil; page += pages {
		began := time.Now()
		_, err = p.conn.Exec(ctx, `
			WITH gone AS (
				DELETE FROM `+p.runs()+` WHERE ctid = ANY (ARRAY(
					SELECT r.ctid FROM `+p.runs()+judged+` WHERE r.ctid >= $3::tid AND r.ctid < $4::tid AND `+expired+`))
				RETURNING fire_time, id
			)
			DELETE FROM `+p.attempts()+` AS a USING gone WHERE a.fire_time = gone.fire_time AND a.run_id = gone.id`,
			p.age(), p.today, fmt.Sprintf("(%d,0)", page), fmt.Sprintf("(%d,0)", page+pages))
		lull.For(ctx, time.Since(began))
	}
	return err
}
