package jobstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// application is one apply at work.
type application struct {
	*many
	wanted  []Wanted
	dry     bool
	applied []Applied

	standing map[Position]standing
	uses     []placed
	faults   fault.Faults
	settled  settled
	entered  []standing // jobs that come into the set
}

// standing is a job as it is.
type standing struct {
	carillon.Job
	set    string
	digest []byte // nil unless it is of this revision
}

// settled are jobs that keep their revision, and learn of which text it is.
type settled struct {
	id     []uuid.UUID
	digest [][]byte
}

// errDry takes back a dry run.
var errDry = errors.New("dry run")

func (a *application) run(ctx context.Context, tx pgx.Tx) error {
	if err := a.look(ctx, tx); err != nil {
		return err
	}
	a.lead()
	for _, w := range a.wanted {
		a.applied = append(a.applied, a.decide(w))
	}
	missing, err := missingUses(ctx, tx, a.uses)
	if err != nil {
		return err
	}
	a.faults.Nest("", missing.Err())
	if err := a.faults.Err(); err != nil {
		return err
	}
	if a.dry {
		return errDry
	}
	if err := a.write(ctx, tx); err != nil {
		return err
	}
	return a.settle(ctx, tx)
}

// look reads the jobs that there are, and unless it is a dry run locks them, in the
// order of everyone who locks several.
func (a *application) look(ctx context.Context, tx pgx.Tx) error {
	texts := make([]Text, len(a.wanted))
	for i, w := range a.wanted {
		texts[i] = Text{w.Document.Namespace, w.Document.Name, w.Digest}
	}
	there, err := find(ctx, tx, a.set, texts)
	if err != nil {
		return err
	}
	ids := make([]uuid.UUID, 0, len(there))
	for _, f := range there {
		ids = append(ids, f.id)
	}
	sql := `
		SELECT id, revision, effective_from, document, coalesce(apply_set, ''), CASE WHEN applied_revision = revision THEN applied END
		FROM jobs WHERE id = ANY($1) AND ($2::text[] IS NULL OR namespace = ANY($2)) ORDER BY id`
	if !a.dry {
		sql += ` FOR UPDATE`
	}
	rows, err := tx.Query(ctx, sql, ids, scope.From(ctx).Names())
	if err != nil {
		return fmt.Errorf("read jobs to apply to: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanStanding)
	a.standing = map[Position]standing{}
	for _, job := range all {
		a.standing[PositionOf(job.Job)] = job
	}
	return err
}

func scanStanding(row pgx.CollectableRow) (s standing, err error) {
	var document []byte
	if err = row.Scan(&s.ID, &s.Revision, &s.EffectiveFrom, &document, &s.set, &s.digest); err != nil {
		return s, err
	}
	s.EffectiveFrom = s.EffectiveFrom.UTC()
	return s, json.Unmarshal(document, &s.Document)
}

// decide says what becomes of a document, and adds what is to be written for it.
func (a *application) decide(w Wanted) Applied {
	before, there := a.standing[Position{w.Document.Namespace, w.Document.Name}]
	if !there {
		return a.create(w)
	}
	wanted := w.Document
	if w.KeepPaused {
		wanted.Paused = before.Paused
	}
	wanted = wanted.KeepAdapted(before.Document)
	changed := differences(before.Document, wanted)
	moved := a.set != "" && a.set != before.set
	result := Applied{before.ID, before.Revision, Unchanged, changed}
	if moved {
		result.Action, result.Changed = Updated, slices.Insert(changed, 0, "/set")
		a.entered = append(a.entered, before)
	}
	if len(changed) == 0 {
		if !bytes.Equal(w.Digest, before.digest) {
			a.settled.id, a.settled.digest = append(a.settled.id, before.ID), append(a.settled.digest, w.Digest)
		}
		return result
	}
	after := a.next(before.Job, wanted)
	a.faults.Nest(w.Place, reachable(after, before.Schedule.At))
	a.uses = append(a.uses, placed{w.Place, &after.Document})
	a.add(Updated, after, w.Digest)
	result.Action, result.Revision = Updated, after.Revision
	return result
}

func (a *application) create(w Wanted) Applied {
	job := a.next(carillon.Job{ID: carillon.NewJobID()}, w.Document.KeepAdapted(carillon.Document{}))
	a.faults.Nest(w.Place, reachable(job, nil))
	a.uses = append(a.uses, placed{w.Place, &job.Document})
	a.add(Created, job, w.Digest)
	if a.dry {
		job.ID = uuid.Nil
	}
	return Applied{ID: job.ID, Revision: job.Revision, Action: Created}
}

// settle writes what makes no revision. Which text a job is of is nobody's concern;
// that it comes into a set has a line in the audit log.
func (a *application) settle(ctx context.Context, tx pgx.Tx) error {
	batch := &pgx.Batch{}
	if len(a.settled.id) > 0 {
		batch.Queue(`
			UPDATE jobs SET applied = digest, applied_revision = revision
			FROM unnest($1::uuid[], $2::bytea[]) AS w (settled, digest) WHERE id = settled`, a.settled.id, a.settled.digest)
	}
	if len(a.entered) > 0 {
		var ids []uuid.UUID
		var namespaces, sets []string
		for _, job := range a.entered {
			ids, namespaces, sets = append(ids, job.ID), append(namespaces, job.Namespace), append(sets, job.set)
		}
		batch.Queue(`UPDATE jobs SET apply_set = $2 WHERE id = ANY($1)`, ids, a.set)
		batch.Queue(`
			INSERT INTO audit_log (actor, namespace, action, object, before, after)
			SELECT $4, namespace, 'updated', 'job/' || id, CASE WHEN old <> '' THEN jsonb_build_object('set', old) END, jsonb_build_object('set', $5::text)
			FROM unnest($1::uuid[], $2::text[], $3::text[]) AS w (id, namespace, old)`, ids, namespaces, sets, a.actor, a.set)
	}
	return tx.SendBatch(ctx, batch).Close()
}
