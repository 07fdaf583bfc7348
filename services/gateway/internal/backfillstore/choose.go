package backfillstore

import (
	"context"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/audit"
	"github.com/carillon-cron/carillon/services/gateway/internal/backfill"
	"github.com/carillon-cron/carillon/services/gateway/internal/ledger"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Plan is what a backfill would run.
type Plan struct {
	backfill.Choice
	KeptFrom time.Time     // the oldest day of the ledger; zero while it is empty
	Created  time.Time     // when the job's first revision began to hold
	RunTakes time.Duration // mean of the job's latest runs; 0 if there are none
}

// Plan chooses the fires of a job that a range wants, and starts nothing. It fails
// with *[backfill.TooManyError], ErrBusy or ErrUnavailable.
func (s *Store) Plan(ctx context.Context, job uuid.UUID, r backfill.Range) (plan Plan, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		plan, err = s.plan(ctx, tx, job, r)
		return err
	})
	return plan, err
}

func (s *Store) plan(ctx context.Context, tx pgx.Tx, job uuid.UUID, r backfill.Range) (plan Plan, err error) {
	revisions, err := readRevisions(ctx, tx, job)
	if err != nil || len(revisions) == 0 {
		return plan, err
	}
	keptFrom, err := ledger.Beginning(ctx, tx, scope.Of([]string{revisions[0].Namespace}))
	if err != nil {
		return plan, err
	}
	if keptFrom != nil {
		plan.KeptFrom = *keptFrom
	}
	plan.Created = revisions[len(revisions)-1].From
	known := backfill.NewLedger(plan.KeptFrom, plan.Created)
	pauses, err := ledger.Pauses(ctx, tx, revisions[0].Namespace, r.From, r.To)
	if err != nil {
		return plan, err
	}
	fires, err := r.Fires(revisions, pauses)
	if err != nil {
		return plan, err
	}
	if err = s.fillComing(ctx, known, revisions, pauses, fires); err != nil {
		return plan, err
	}
	if err = s.fill(ctx, tx, known, job, r, fires); err != nil {
		return plan, err
	}
	if plan.Choice, err = r.Choose(fires, known); err != nil {
		return plan, err
	}
	plan.RunTakes, err = readRunTakes(ctx, tx, job)
	return plan, err
}

// readRevisions returns all revisions of a job, the newest first.
func readRevisions(ctx context.Context, tx pgx.Tx, job uuid.UUID) ([]*audit.Revision, error) {
	rows, err := tx.Query(ctx, `
		SELECT revision, effective_from, document->>'namespace', coalesce((document->>'paused')::boolean, false), action = 'deleted', document->'schedule'
		FROM job_revisions WHERE job_id = $1 ORDER BY revision DESC`, job)
	if err != nil {
		return nil, fmt.Errorf("read revisions: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*audit.Revision, error) {
		r := &audit.Revision{Job: job}
		return r, row.Scan(&r.Number, &r.From, &r.Namespace, &r.Paused, &r.Deleted, &r.Schedule)
	})
}

// fill notes the runs of a range's fires, and those that open backfills are still to
// make. The fires are joined: as an array in a condition, each of them would be a
// step of its own in choosing partitions.
func (s *Store) fill(ctx context.Context, tx pgx.Tx, known *backfill.Ledger, job uuid.UUID, r backfill.Range, fires []time.Time) error {
	rows, err := tx.Query(ctx, `
		SELECT id, fire_time, state, kind FROM runs JOIN unnest($4::timestamptz[]) AS fire ON fire_time = fire
		WHERE job_id = $1 AND kind IN ('schedule', 'backfill') AND fire_time >= $2 AND fire_time < $3`, job, r.From, r.To, fires)
	if err != nil {
		return fmt.Errorf("read runs: %w", err)
	}
	var id uuid.UUID
	var at time.Time
	var state carillon.State
	var kind carillon.Kind
	backfilled := map[uuid.UUID]bool{}
	_, err = pgx.ForEachRow(rows, []any{&id, &at, &state, &kind}, func() error {
		known.Add(at, state)
		if kind == carillon.KindBackfill {
			backfilled[id] = true
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read runs: %w", err)
	}
	return s.fillWaiting(ctx, tx, known, job, r, backfilled)
}

// part is what a backfill has in a range.
type part struct {
	ID        uuid.UUID
	Cancelled bool
	Fires     []time.Time
}

// fillWaiting notes the fires without a row of backfills that are under way. One
// that was cancelled still is until planners have heard of it. What they had handed
// out by then is in RUNS or beyond, which were looked at before.
func (s *Store) fillWaiting(ctx context.Context, tx pgx.Tx, known *backfill.Ledger, job uuid.UUID, r backfill.Range, have map[uuid.UUID]bool) error {
	rows, err := tx.Query(ctx, `
		SELECT id, cancelled_at IS NOT NULL, array(SELECT fire FROM unnest(fires) AS fire WHERE fire >= $2 AND fire < $3)
		FROM backfills WHERE job_id = $1 AND begins < $3 AND ends > $2`, job, r.From, r.To)
	if err != nil {
		return fmt.Errorf("read backfills: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[part])
	if err != nil {
		return fmt.Errorf("read backfills: %w", err)
	}
	for _, b := range all {
		waiting := without(b, have)
		if len(waiting) == 0 {
			continue
		}
		message, held, err := s.held(ctx, tx, job, b.ID)
		if err != nil {
			return err
		}
		if held && message.open(b.Cancelled, now()) {
			known.AddAllWaiting(waiting)
		}
	}
	return nil
}

// without returns the fires of a backfill that have no run yet.
func without(b part, have map[uuid.UUID]bool) (waiting []time.Time) {
	for _, at := range b.Fires {
		if !have[carillon.NewRunID(b.ID, carillon.KindBackfill, at)] {
			waiting = append(waiting, at)
		}
	}
	return waiting
}

func readRunTakes(ctx context.Context, tx pgx.Tx, job uuid.UUID) (time.Duration, error) {
	var seconds float64
	err := tx.QueryRow(ctx, `
		SELECT coalesce(avg(extract(epoch FROM finished_at - started_at)), 0)::float8 FROM (
			SELECT started_at, finished_at FROM runs
			WHERE job_id = $1 AND started_at IS NOT NULL AND finished_at IS NOT NULL ORDER BY fire_time DESC LIMIT 20) AS latest`,
		job).Scan(&seconds)
	if err != nil {
		return 0, fmt.Errorf("read durations: %w", err)
	}
	return time.Duration(max(seconds, 0) * float64(time.Second)), nil
}
