package jobstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/carillon-cron/carillon/services/gateway/internal/outbox"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// page is how many jobs are republished in one transaction.
const page = 1000

// Republish puts into the outbox every job whose published revision, which
// published gives, is behind, and the deletion of every published job that is
// not there any more; but for jobs that wait in the outbox already: their news is
// still to come, and the relay brings it. It returns how many it put. Published
// must have been read before the call: what is committed later is in the outbox
// anyway.
func (s *Store) Republish(ctx context.Context, published map[uuid.UUID]int64) (int, error) {
	behind, gone, err := s.compare(ctx, published)
	if err != nil {
		return 0, err
	}
	for ids := range slices.Chunk(behind, page) {
		if err := s.republish(ctx, ids); err != nil {
			return 0, err
		}
	}
	for ids := range slices.Chunk(gone, page) {
		if err := s.bury(ctx, ids, published); err != nil {
			return 0, err
		}
	}
	if len(behind)+len(gone) > 0 {
		s.written()
	}
	return len(behind) + len(gone), nil
}

func (s *Store) compare(ctx context.Context, published map[uuid.UUID]int64) (behind, gone []uuid.UUID, err error) {
	waiting, err := outbox.Waiting(ctx, s.pool)
	if err != nil {
		return nil, nil, err
	}
	rows, err := s.pool.Query(ctx, `SELECT id, revision FROM jobs`)
	if err != nil {
		return nil, nil, fmt.Errorf("compare jobs: %w", err)
	}
	stored := make(map[uuid.UUID]bool, len(published))
	var id uuid.UUID
	var revision int64
	_, err = pgx.ForEachRow(rows, []any{&id, &revision}, func() error {
		stored[id] = true
		if published[id] < revision && !waiting[topology.Job(id)] {
			behind = append(behind, id)
		}
		return nil
	})
	for id := range published {
		if !stored[id] && !waiting[topology.Job(id)] {
			gone = append(gone, id)
		}
	}
	return behind, gone, err
}

// republish locks the jobs as a writer does, so that the outbox keeps the order
// of their revisions. A job that was changed since it was compared is put once
// more, behind its news: readers ignore revisions that they know.
func (s *Store) republish(ctx context.Context, ids []uuid.UUID) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT id, revision, effective_from, document FROM jobs WHERE id = ANY($1) ORDER BY id FOR UPDATE`, ids)
		if err != nil {
			return fmt.Errorf("republish jobs: %w", err)
		}
		jobs, err := pgx.CollectRows(rows, scanJob)
		if err != nil {
			return err
		}
		batch := &pgx.Batch{}
		for _, job := range jobs {
			outbox.Append(batch, topology.Job(job.ID), wire.Encode(wire.Definition{Job: job, Republished: true}))
		}
		return tx.SendBatch(ctx, batch).Close()
	})
}

// bury publishes the deletion of jobs that nobody knows any more.
func (s *Store) bury(ctx context.Context, ids []uuid.UUID, published map[uuid.UUID]int64) error {
	batch := &pgx.Batch{}
	for _, id := range ids {
		tombstone := wire.Definition{Job: next(carillon.Job{ID: id, Revision: published[id]}, carillon.Document{}), Deleted: true}
		outbox.Append(batch, topology.Job(id), wire.Encode(tombstone))
	}
	return s.pool.SendBatch(ctx, batch).Close()
}
