package ledger

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/jobstat"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// farAhead is by how much a fire time must be ahead of the clock to be wrong. A run by
// hand has the time of some gateway.
const farAhead = 5 * time.Second

// recordStats counts ends into their jobs' statistics, but those of backfills. A fire
// time far ahead of now, by the database, counts as now: all that comes until then
// would be older. One recorder at a time does so, until its transaction ends: what it
// reads stays true.
func recordStats(ctx context.Context, tx pgx.Tx, ends []end, now time.Time) error {
	ends = withoutBackfills(ends)
	for i := range ends {
		if e := &ends[i]; e.is.FireTime.After(now.Add(farAhead)) {
			e.is.FireTime, e.was.FireTime = now, now
		}
	}
	if len(ends) == 0 {
		return nil
	}
	known, err := lockStats(ctx, tx, jobsOf(ends))
	if err != nil {
		return err
	}
	statements.Inc()
	_, err = tx.Exec(ctx, upsertStats, statColumns(count(known, ends))...)
	return err
}

// withoutBackfills leaves the ends as they are; nearly always it returns them.
func withoutBackfills(ends []end) []end {
	backfill := func(e end) bool { return e.is.Kind == carillon.KindBackfill }
	if !slices.ContainsFunc(ends, backfill) {
		return ends
	}
	return slices.DeleteFunc(slices.Clone(ends), backfill)
}

// jobsOf returns the jobs of ends, each once.
func jobsOf(ends []end) pgtype.FlatArray[pgtype.UUID] {
	jobs := column(ends, func(e end) pgtype.UUID { return id(e.jobID) })
	slices.SortFunc(jobs, func(a, b pgtype.UUID) int { return bytes.Compare(a.Bytes[:], b.Bytes[:]) })
	return slices.Compact(jobs)
}

// lockStats keeps other recorders from the table, and returns the statistics that
// jobs have. The lock is an advisory one: readers, and vacuum, know nothing of it.
func lockStats(ctx context.Context, tx pgx.Tx, jobs pgtype.FlatArray[pgtype.UUID]) (known []*jobstat.Stats, err error) {
	batch := &pgx.Batch{}
	batch.Queue("SELECT pg_advisory_xact_lock('job_stats'::regclass::oid::bigint)")
	batch.Queue("SELECT job_id, data FROM job_stats WHERE job_id = ANY($1)", jobs).
		Query(func(rows pgx.Rows) (err error) {
			known, err = readStats(rows)
			return err
		})
	statements.Add(float64(batch.Len()))
	return known, tx.SendBatch(ctx, batch).Close()
}

// readStats leaves out what it cannot read: those statistics begin anew, because
// recording must not wait for them.
func readStats(rows pgx.Rows) (known []*jobstat.Stats, err error) {
	for rows.Next() {
		switch stats, err := scanStats(rows); {
		case errors.Is(err, jobstat.ErrUnreadable):
			slog.Error("statistics begin anew", "error", err)
		case err != nil:
			return nil, err
		default:
			known = append(known, stats)
		}
	}
	return known, rows.Err()
}

func scanStats(row pgx.CollectableRow) (*jobstat.Stats, error) {
	var job pgtype.UUID // quicker than a uuid.UUID, which is scanned as text
	var data []byte
	if err := row.Scan(&job, &data); err != nil {
		return nil, err
	}
	return jobstat.Read(job.Bytes, data)
}

// count adds ends to what is known of their jobs.
func count(known []*jobstat.Stats, ends []end) []*jobstat.Stats {
	byJob := make(map[uuid.UUID]*jobstat.Stats, len(ends))
	for _, s := range known {
		byJob[s.JobID] = s
	}
	for _, e := range ends {
		s := byJob[e.jobID]
		if s == nil {
			s = &jobstat.Stats{JobID: e.jobID}
			byJob[e.jobID], known = s, append(known, s)
		}
		s.Replace(e.was, e.is)
	}
	return known
}

const upsertStats = `
INSERT INTO job_stats (job_id, failure_streak, last_fire_time, last_state, data)
SELECT * FROM unnest($1::uuid[], $2::integer[], $3::timestamptz[], $4::text[], $5::bytea[])
ON CONFLICT (job_id) DO UPDATE SET
  failure_streak = excluded.failure_streak, last_fire_time = excluded.last_fire_time, last_state = excluded.last_state, data = excluded.data`

// statColumns are the parameters of upsertStats.
func statColumns(all []*jobstat.Stats) []any {
	return []any{
		column(all, func(s *jobstat.Stats) pgtype.UUID { return id(s.JobID) }),
		column(all, func(s *jobstat.Stats) int32 { return int32(s.Streak.Failures()) }),
		column(all, func(s *jobstat.Stats) pgtype.Timestamptz { return instant(s.Last.FireTime) }),
		column(all, func(s *jobstat.Stats) string { return string(s.Last.State) }),
		column(all, (*jobstat.Stats).Data),
	}
}
