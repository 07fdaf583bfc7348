package backup

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// publishDefinitions fills JOBS from the tables. Jobs come after what holds them
// back, and after what their runs need.
func (r *restoring) publishDefinitions(ctx context.Context) error {
	for _, publish := range []func(context.Context) error{r.publishQueues, r.publishSecrets, r.publishPauses, r.publishJobs} {
		if err := publish(ctx); err != nil {
			return fmt.Errorf("publish definitions: %w", err)
		}
	}
	return nil
}

func (r *restoring) publishQueues(ctx context.Context) error {
	rows, err := r.tx.Query(ctx, `SELECT name, concurrency, weight, paused, rate, hosts FROM queues ORDER BY name`)
	if err != nil {
		return err
	}
	queues, err := pgx.CollectRows(rows, pgx.RowToStructByPos[carillon.Queue])
	for _, queue := range queues {
		if err == nil {
			err = r.publish.put(ctx, topology.Queue(queue.Name), wire.Encode(queue))
		}
	}
	return err
}

func (r *restoring) publishSecrets(ctx context.Context) error {
	rows, err := r.tx.Query(ctx, `SELECT namespace, name, version, sealed, coalesce(previous_version, 0), previous_sealed FROM secrets`)
	if err != nil {
		return err
	}
	var namespace, name string
	var current, previous wire.Sealed
	_, err = pgx.ForEachRow(rows, []any{&namespace, &name, &current.Version, &current.Text, &previous.Version, &previous.Text}, func() error {
		secret := wire.Secret{Current: current}
		if previous.Version > 0 {
			secret.Previous = &previous
		}
		return r.publish.put(ctx, topology.Secret(namespace, name), wire.Encode(secret))
	})
	return err
}

func (r *restoring) publishPauses(ctx context.Context) error {
	rows, err := r.tx.Query(ctx, `SELECT coalesce(namespace, ''), revision, paused, effective_from FROM (
			SELECT *, row_number() OVER (PARTITION BY namespace ORDER BY revision DESC) AS age FROM pauses
		) AS aged WHERE age <= $1 ORDER BY revision`, topology.RevisionsKept)
	if err != nil {
		return err
	}
	var pause wire.Pause
	_, err = pgx.ForEachRow(rows, []any{&pause.Namespace, &pause.Revision, &pause.Paused, &pause.EffectiveFrom}, func() error {
		pause.EffectiveFrom = pause.EffectiveFrom.UTC()
		return r.publish.put(ctx, topology.Pause(pause.Namespace), wire.Encode(pause))
	})
	return err
}

// publishJobs publishes, of each job, the revisions that hold from its mark on.
func (r *restoring) publishJobs(ctx context.Context) error {
	rows, err := r.tx.Query(ctx, `SELECT job_id, revision, effective_from, action = 'deleted', document FROM job_revisions ORDER BY job_id, revision`)
	if err != nil {
		return err
	}
	var line []wire.Definition // of one job
	var next wire.Definition
	var document []byte
	_, err = pgx.ForEachRow(rows, []any{&next.ID, &next.Revision, &next.EffectiveFrom, &next.Deleted, &document}, func() error {
		if len(line) > 0 && line[0].ID != next.ID {
			if err := r.publishLine(ctx, line); err != nil {
				return err
			}
			line = line[:0]
		}
		next.EffectiveFrom, next.Document = next.EffectiveFrom.UTC(), carillon.Document{}
		if err := json.Unmarshal(document, &next.Document); err != nil {
			return fmt.Errorf("job %s revision %d: %w", next.ID, next.Revision, err)
		}
		line = append(line, next)
		return nil
	})
	if err != nil || len(line) == 0 {
		return err
	}
	return r.publishLine(ctx, line)
}

func (r *restoring) publishLine(ctx context.Context, line []wire.Definition) error {
	mark := r.content.marks[carillon.PartitionOf(line[0].ID)].Mark
	for _, revision := range holding(line, needed(mark)) {
		if err := r.publish.put(ctx, topology.Job(revision.ID), wire.Encode(revision)); err != nil {
			return err
		}
	}
	return nil
}

// holding is the part of a line of revisions that holds from an instant on, of as
// many as JOBS keeps; nothing, if the job was deleted before.
func holding(line []wire.Definition, from time.Time) []wire.Definition {
	for i, later := range slices.Backward(line) {
		if !later.EffectiveFrom.After(from) {
			line = line[i:]
			break
		}
	}
	if len(line) == 1 && line[0].Deleted {
		return nil
	}
	return line[max(0, len(line)-topology.RevisionsKept):]
}

// endOpenRuns ends the runs that the ledger has as open: they are in flight no more.
// Where the backup has their end, that says more, and stays.
func (r *restoring) endOpenRuns(ctx context.Context) error {
	rows, err := r.tx.Query(ctx, `SELECT id, job_id, job_name, namespace, revision, queue, kind, fire_time, planned_at,
			coalesce(started_at, '0001-01-01 00:00:00Z'), attempts
		FROM runs WHERE state IN ('queued', 'running', 'retrying')`)
	if err != nil {
		return fmt.Errorf("find open runs: %w", err)
	}
	var o wire.Outcome
	var id, job uuid.UUID
	_, err = pgx.ForEachRow(rows, []any{&id, &job, &o.Job, &o.Namespace, &o.Revision, &o.Queue, &o.Kind, &o.FireTime, &o.PlannedAt, &o.StartedAt, &o.Attempts}, func() error {
		o.RunID, o.JobID, o.State, o.Reason, o.FinishedAt = id, job, carillon.StateLost, inFlight, r.content.end.At
		message := finished(o)
		return r.publish.put(ctx, message.Subject, message.Data)
	})
	return err
}

// publishMarks comes last: from then on there is something to plan by.
func (r *restoring) publishMarks(ctx context.Context) error {
	seen := r.publish.last[topology.JobsStream]
	for p, before := range r.content.marks {
		mark := restored(before, r.content.end.Marks[p], r.until, seen)
		if err := r.publish.put(ctx, topology.Mark(p), wire.Encode(mark)); err != nil {
			return err
		}
	}
	return nil
}
