package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"
)

const (
	days = 90
	jobs = 5_000
	// fillers is how many days are filled at once.
	fillers = 2
)

// fill makes a ledger of that many runs whose last day is yesterday.
func fill(ctx context.Context, pool *pgxpool.Pool, runs int, say Say) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(fillers)
	today := time.Now().UTC().Truncate(24 * time.Hour)
	for n := range days {
		group.Go(func() error {
			if n%10 == 0 {
				say("  %d of %d days", n, days)
			}
			return fillDay(ctx, pool, today.AddDate(0, 0, n-days), runs/days)
		})
	}
	return group.Wait()
}

// fillDay makes both partitions of a day. Attaching them builds their indexes.
func fillDay(ctx context.Context, pool *pgxpool.Pool, day time.Time, runs int) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	name := day.Format("20060102")
	for _, sql := range []string{
		`SET statement_timeout = 0`, `SET lock_timeout = 0`, `SET maintenance_work_mem = '256MB'`, `SET synchronous_commit = off`,
		`CREATE TABLE runs_` + name + ` (LIKE runs INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`,
		`CREATE TABLE attempts_` + name + ` (LIKE attempts INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`,
		fmt.Sprintf(insertRuns, name, day.Format(time.DateOnly), runs, jobs),
		fmt.Sprintf(insertAttempts, name),
		attach("runs", day), attach("attempts", day),
	} {
		if _, err := conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			return fmt.Errorf("%s: %w", day.Format(time.DateOnly), err)
		}
	}
	_, err = conn.Exec(ctx, `VACUUM (ANALYZE, FREEZE) runs_`+name+`, attempts_`+name, pgx.QueryExecModeSimpleProtocol)
	return err
}

func attach(table string, day time.Time) string {
	return fmt.Sprintf(`ALTER TABLE %s ATTACH PARTITION %s_%s FOR VALUES FROM ('%s+00') TO ('%s+00')`, table, table,
		day.Format("20060102"), day.Format(time.DateOnly), day.AddDate(0, 0, 1).Format(time.DateOnly))
}

// insertRuns spreads runs evenly over a day, with milliseconds as ids need them.
// A number mixed from each run's own says which job it is of and how it ended:
//
//   - job 0 fires every second, and succeeds;
//   - job 1 fires twice a day, alone in its namespace;
//   - the others share seven namespaces, half of them in the first. Of 1,000 runs
//     15 fail, 10 are skipped, 3 missed; of a million some 10 are lost.
//
// Its parameters: the partition, the day, how many runs, how many jobs.
const insertRuns = `
INSERT INTO runs_%[1]s (id, fire_time, job_id, job_name, namespace, kind, state, reason, revision, queue,
                        attempts, status, planned_at, started_at, finished_at, recorded_at)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '8' || substr(md5(i || ' ' || job), 1, 19))::uuid,
       at, md5('job ' || job)::uuid, 'job-' || job,
       CASE WHEN job = 1 THEN 'tiny' WHEN job = 0 OR job %% 14 < 7 THEN 'default' ELSE 'team-' || job %% 14 - 6 END,
       CASE WHEN dice %% 5000 = 7 THEN 'manual' WHEN dice %% 1000 = 3 THEN 'backfill' ELSE 'schedule' END,
       state, CASE WHEN state = 'failed' THEN 'status 500' ELSE '' END, 1, 'default',
       CASE WHEN state IN ('succeeded', 'failed') THEN 1 ELSE 0 END,
       CASE state WHEN 'succeeded' THEN 200 WHEN 'failed' THEN 500 END,
       at, at + interval '3 ms', at + interval '40 ms', at + interval '90 ms'
FROM (SELECT *, CASE WHEN job < 2 OR dice %% 1000 >= 28 AND dice %% 100000 <> 99 THEN 'succeeded'
                     WHEN dice %% 100000 = 99 THEN 'lost'
                     WHEN dice %% 1000 < 15 THEN 'failed' WHEN dice %% 1000 < 25 THEN 'skipped' ELSE 'missed' END AS state
      FROM (SELECT i, ('%[2]s+00'::timestamptz + i * (interval '1 day' / %[3]d))::timestamptz(3) AS at,
                   abs(hashint8(i + 100000007::bigint * (date '%[2]s' - date '2000-01-01'))) AS dice,
                   CASE WHEN i %% (%[3]d / 2) = 5 THEN 1 WHEN i * 86400 / %[3]d <> (i + 1) * 86400 / %[3]d THEN 0
                        ELSE 2 + abs(hashint8(i * 7919)) %% (%[4]d - 2) END AS job
            FROM generate_series(0::bigint, %[3]d - 1) AS i) AS thrown) AS run`

// insertAttempts records the attempts of failed runs, and some of the others.
const insertAttempts = `
INSERT INTO attempts_%[1]s (fire_time, run_id, number, started_at, finished_at, status, class, response)
SELECT fire_time, id, 1, started_at, finished_at, status, CASE state WHEN 'failed' THEN 'status' END, '{"rows": 1204}'
FROM runs_%[1]s WHERE state = 'failed' OR state = 'succeeded' AND hashtext(id::text) %% 10 = 0`
