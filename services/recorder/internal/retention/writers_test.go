package retention

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/ledger"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/jackc/pgx/v5"
)

// batchOf is a batch of new runs at the given instants.
func batchOf(instants ...time.Time) (batch []*wire.Outcome) {
	for _, at := range instants {
		job := carillon.NewJobID()
		batch = append(batch, &wire.Outcome{
			RunID: carillon.NewRunID(job, carillon.KindBackfill, at), JobID: job, Job: "job", Namespace: "default", Revision: 1,
			Queue: "default", Kind: carillon.KindBackfill, FireTime: at, PlannedAt: at, FinishedAt: at, State: carillon.StateFailed,
			Attempts: 1, Attempt: &wire.Attempt{Number: 1, StartedAt: at, FinishedAt: at},
		})
	}
	return batch
}

// TestWritersGoOnWhileDaysGo has recorders write into today and into the very days
// that are dropped, rewritten and deleted from: nothing of it may be lost.
func TestWritersGoOnWhileDaysGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for age := 90; age < 96; age++ {
		w.record(t, "default", "failed", ago(age), 50)
		w.keep(t, "long", 400, `{}`)
		w.record(t, "long", "failed", ago(age), age%3*60)
	}
	l := ledger.New(w.pool)
	swept := make(chan struct{})
	var writers sync.WaitGroup
	var mu sync.Mutex
	written := 0
	for range 3 {
		writers.Go(func() {
			for n, done := 0, false; !done; n++ {
				select {
				case <-swept:
					done = true // once more, into what is left
				default:
				}
				batch := batchOf(now, now)
				if n%50 == 49 || done { // who always writes into a day, keeps it
					batch = batchOf(now, ago(90), ago(91), ago(92), ago(93), ago(94), ago(95))
				}
				for err := l.Record(context.Background(), batch); err != nil; err = l.Record(context.Background(), batch) {
					if ledger.IsRefusal(err) {
						t.Errorf("would be set aside: %v", err)
						return
					}
				}
				mu.Lock()
				written += len(batch)
				mu.Unlock()
			}
		})
	}
	s := New(w.pool)
	for err := s.Sweep(t.Context(), now); err != nil; err = s.Sweep(t.Context(), now) {
		if !isLocked(err) {
			t.Error(err)
			break
		}
	}
	close(swept)
	writers.Wait()
	w.runs(t)
	if got := w.query(t, `SELECT count(*)::text FROM runs WHERE kind = 'backfill'`)[0]; got != strconv.Itoa(written) {
		t.Errorf("%s runs of %d that were recorded", got, written)
	}
	if got := w.query(t, `SELECT count(*)::text FROM runs WHERE kind = 'schedule' AND namespace = 'default'`)[0]; got != "0" {
		t.Errorf("%s old runs left", got)
	}
}

// TestBusyRecordersAreWaitedFor has as many batches under way as four recorders have,
// which end one after the other.
func TestBusyRecordersAreWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.record(t, "default", "failed", ago(90), 50)
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			conn, err := pgx.ConnectConfig(t.Context(), w.pool.Config().ConnConfig)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close(context.Background())
			for ctx.Err() == nil && err == nil {
				_, err = conn.Exec(t.Context(), `BEGIN; LOCK TABLE ONLY runs, ONLY attempts IN ROW EXCLUSIVE MODE;
					SELECT pg_advisory_xact_lock(1); SELECT pg_sleep(0.03); COMMIT`)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	if err := New(w.pool).Sweep(t.Context(), now); err != nil {
		t.Error(err)
	}
	stop()
	writers.Wait()
	w.runs(t)
}
