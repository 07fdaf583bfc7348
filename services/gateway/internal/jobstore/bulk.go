package jobstore

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Bulk is what is done to many jobs. Action is Paused, Resumed, Deleted, or Updated,
// which is a change of labels.
type Bulk struct {
	Action Action
	Set    map[string]string // labels to be set
	Remove []string          // keys of labels to be removed
}

// pending adds the condition that a job is not so yet. So who repeats a bulk goes on
// where it ended.
func (b Bulk) pending(where *conditions) {
	switch b.Action {
	case Paused:
		where.all = append(where.all, "NOT paused")
	case Resumed:
		where.all = append(where.all, "paused")
	case Updated:
		set, _ := json.Marshal(b.Set) // cannot fail: strings only
		if b.Set == nil {
			set = []byte("{}")
		}
		where.all = append(where.all, fmt.Sprintf("NOT (labels @> %s::jsonb AND NOT labels ?| %s)",
			where.parameter(string(set)), where.parameter(append([]string{}, b.Remove...))))
	}
}

func (b Bulk) edit(document carillon.Document) (carillon.Document, error) {
	switch b.Action {
	case Paused, Resumed:
		document.Paused = b.Action == Paused
	case Updated:
		labels := maps.Clone(document.Labels)
		if labels == nil {
			labels = map[string]string{}
		}
		for _, key := range b.Remove {
			delete(labels, key)
		}
		maps.Copy(labels, b.Set)
		document.Labels = labels
		if err := carillon.CheckLabels(labels); err != nil {
			return document, fault.Faults{{Field: "labels.set", Message: fmt.Sprintf("does not fit the job %s of %s: %v", document.Name, document.Namespace, err)}}
		}
	}
	return document, nil
}

// Named is a job's names.
type Named struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
}

// Foresee says what a bulk would do: how many jobs fit the filter, how many of them
// it would change, and the first of those, by their ids.
func (s *Store) Foresee(ctx context.Context, filter Filter, bulk Bulk, most int) (fit, change int, first []Named, err error) {
	where := filter.where(scope.From(ctx))
	if err = s.pool.QueryRow(ctx, `SELECT count(*) FROM jobs WHERE `+where.String(), where.args).Scan(&fit); err != nil {
		return 0, 0, nil, fmt.Errorf("count jobs: %w", err)
	}
	bulk.pending(where)
	if err = s.pool.QueryRow(ctx, `SELECT count(*) FROM jobs WHERE `+where.String(), where.args).Scan(&change); err != nil {
		return 0, 0, nil, fmt.Errorf("count jobs: %w", err)
	}
	where.args["most"] = most
	rows, err := s.pool.Query(ctx, `SELECT id, namespace, name FROM jobs WHERE `+where.String()+` ORDER BY id LIMIT @most`, where.args)
	if err != nil {
		return 0, 0, nil, fmt.Errorf("list jobs: %w", err)
	}
	first, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Named])
	return fit, change, first, err
}

// ChangeMany does a bulk to the jobs that fit, a thousand in each transaction, until
// all are done or the time has passed; then there may be more. It fails with
// fault.Faults; what was done by then stays.
func (s *Store) ChangeMany(ctx context.Context, actor string, filter Filter, bulk Bulk, until time.Time) (changed int, more bool, err error) {
	var last uuid.UUID
	for {
		n := 0
		err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			n, last, err = s.changePage(ctx, tx, actor, filter, bulk, last)
			return err
		})
		if err != nil {
			return changed, false, err
		}
		if changed += n; n > 0 {
			s.written()
		}
		if n < page || time.Now().After(until) {
			return changed, n == page, nil
		}
	}
}

// changePage locks its jobs in the order of everyone who locks several.
func (s *Store) changePage(ctx context.Context, tx pgx.Tx, actor string, filter Filter, bulk Bulk, after uuid.UUID) (n int, last uuid.UUID, err error) {
	where := filter.where(scope.From(ctx))
	bulk.pending(where)
	where.add("id > @after", "after", after)
	where.args["page"] = page
	rows, err := tx.Query(ctx, `SELECT id, revision, effective_from, document FROM jobs WHERE `+where.String()+
		` ORDER BY id LIMIT @page FOR UPDATE`, where.args)
	if err != nil {
		return 0, last, fmt.Errorf("read jobs to change: %w", err)
	}
	jobs, err := pgx.CollectRows(rows, scanJob)
	if err != nil || len(jobs) == 0 {
		return 0, last, err
	}
	all := newMany(actor)
	for _, job := range jobs {
		document, err := bulk.edit(job.Document)
		if err != nil {
			return 0, last, err
		}
		all.add(bulk.Action, all.next(job, document), nil)
	}
	return len(jobs), jobs[len(jobs)-1].ID, all.write(ctx, tx)
}
