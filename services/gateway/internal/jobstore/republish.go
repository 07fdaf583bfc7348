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

// Republish puts into the outbox every job whose published revision is behind, as
// no news, and the deletion of every published job that is not there any more. It
// returns how many it put. Read gives the published revisions.
//
// What waits in the outbox is left to the relay. That is exact, because the tables
// are read first, then the outbox, and what is published last: a revision that was
// there, and waits no more, has been published.
func (s *Store) Republish(ctx context.Context, read func(context.Context) (map[uuid.UUID]int64, error)) (int, error) {
	stored, err := s.current(ctx)
	if err != nil {
		return 0, err
	}
	waiting, err := outbox.Waiting(ctx, s.pool)
	if err != nil {
		return 0, err
	}
	published, err := read(ctx)
	if err != nil {
		return 0, err
	}
	lost, err := s.republishLost(ctx, stored, published, waiting)
	if err != nil {
		return 0, err
	}
	gone, err := s.buryGone(ctx, stored, published)
	if lost+gone > 0 {
		s.written()
	}
	return lost + gone, err
}

// current returns the revision of every job that there is.
func (s *Store) current(ctx context.Context) (map[uuid.UUID]int64, error) {
	rows, err := s.pool.Query(ctx, `SELECT id, revision FROM jobs`)
	if err != nil {
		return nil, fmt.Errorf("compare jobs: %w", err)
	}
	stored := map[uuid.UUID]int64{}
	var id uuid.UUID
	var revision int64
	_, err = pgx.ForEachRow(rows, []any{&id, &revision}, func() error {
		stored[id] = revision
		return nil
	})
	return stored, err
}

func (s *Store) republishLost(ctx context.Context, stored, published map[uuid.UUID]int64, waiting map[string]int) (n int, err error) {
	var behind []uuid.UUID
	for id, revision := range stored {
		if published[id] < revision && waiting[topology.Job(id)] == 0 {
			behind = append(behind, id)
		}
	}
	for ids := range slices.Chunk(behind, page) {
		put, err := s.republish(ctx, ids, stored)
		if err != nil {
			return n, err
		}
		n += put
	}
	return n, nil
}

// republish locks the jobs as a writer does, so that the outbox keeps the order
// of their revisions. A job that was changed since it was compared has its news in
// the outbox.
func (s *Store) republish(ctx context.Context, ids []uuid.UUID, stored map[uuid.UUID]int64) (n int, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
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
			if job.Revision == stored[job.ID] {
				outbox.Append(batch, topology.Job(job.ID), wire.Encode(wire.Definition{Job: job, Republished: true}))
			}
		}
		n = batch.Len()
		return tx.SendBatch(ctx, batch).Close()
	})
	return n, err
}

// buryGone publishes the deletion of jobs that nobody knows any more. Those that
// came since the tables were read, or whose deletion waits, are none of them.
func (s *Store) buryGone(ctx context.Context, stored, published map[uuid.UUID]int64) (int, error) {
	var unknown []uuid.UUID
	for id := range published {
		if _, known := stored[id]; !known {
			unknown = append(unknown, id)
		}
	}
	if len(unknown) == 0 {
		return 0, nil
	}
	since, err := s.current(ctx)
	if err != nil {
		return 0, err
	}
	waiting, err := outbox.Waiting(ctx, s.pool)
	gone := slices.DeleteFunc(unknown, func(id uuid.UUID) bool {
		_, came := since[id]
		return came || waiting[topology.Job(id)] > 0
	})
	for ids := range slices.Chunk(gone, page) {
		if err == nil {
			err = s.bury(ctx, ids, published)
		}
	}
	return len(gone), err
}

func (s *Store) bury(ctx context.Context, ids []uuid.UUID, published map[uuid.UUID]int64) error {
	batch := &pgx.Batch{}
	for _, id := range ids {
		tombstone := wire.Definition{Job: next(carillon.Job{ID: id, Revision: published[id]}, carillon.Document{}), Deleted: true}
		outbox.Append(batch, topology.Job(id), wire.Encode(tombstone))
	}
	return s.pool.SendBatch(ctx, batch).Close()
}
