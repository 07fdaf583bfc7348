package ledger

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"pgregory.net/rapid"
)

var (
	someNamespaces = []string{"billing", "default", "tiny", "void"}
	someJobs       = []uuid.UUID{carillon.NewJobID(), carillon.NewJobID(), carillon.NewJobID()}
	start          = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
)

// someLedger has a few hundred runs on 60 of 100 days.
func someLedger(t *testing.T) (*pgxpool.Pool, []Run) {
	t.Helper()
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: pgtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	batch := &pgx.Batch{}
	var all []Run
	for range 60 {
		d := start.AddDate(0, 0, rand.IntN(100))
		batch.Queue(`SELECT ensure_day_partition($1::date)`, d)
		for range rand.IntN(12) {
			run := Run{
				ID: uuid.New(), FireTime: d.Add(time.Duration(rand.IntN(48)) * 30 * time.Minute), JobID: someJobs[rand.IntN(2)],
				Namespace: someNamespaces[min(rand.IntN(20), 2)], State: carillon.StateSucceeded, Kind: carillon.KindSchedule,
			}
			if rand.IntN(3) == 0 {
				run.State = carillon.States()[rand.IntN(len(carillon.States()))]
			}
			if rand.IntN(5) == 0 {
				run.Kind = carillon.KindManual
			}
			all = append(all, run)
			batch.Queue(`INSERT INTO runs (id, fire_time, job_id, job_name, namespace, kind, state, revision, queue, planned_at)
				VALUES ($1, $2, $3, 'job', $4, $5, $6, 1, 'default', $2)`, run.ID, run.FireTime, run.JobID, run.Namespace, run.Kind, run.State)
		}
	}
	if err := pool.SendBatch(t.Context(), batch).Close(); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b Run) int {
		if c := b.FireTime.Compare(a.FireTime); c != 0 {
			return c
		}
		return slices.Compare(b.ID[:], a.ID[:])
	})
	return pool, all
}

func someFilter(t *rapid.T) Filter {
	f := Filter{
		Namespaces: rapid.SliceOfNDistinct(rapid.SampledFrom(someNamespaces), 0, 3, rapid.ID[string]).Draw(t, "namespaces"),
		States:     rapid.SliceOfNDistinct(rapid.SampledFrom(carillon.States()), 0, 4, rapid.ID[carillon.State]).Draw(t, "states"),
		Limit:      rapid.IntRange(1, 60).Draw(t, "limit"),
	}
	if rapid.Bool().Draw(t, "of a job") {
		f.JobID = rapid.SampledFrom(someJobs).Draw(t, "job")
	}
	if rapid.Bool().Draw(t, "of a kind") {
		f.Kind = rapid.SampledFrom(carillon.Kinds()).Draw(t, "kind")
	}
	half := rapid.IntRange(-10, 250)
	if rapid.Bool().Draw(t, "bounded") {
		f.From = start.Add(time.Duration(half.Draw(t, "from")) * 12 * time.Hour)
		f.To = start.Add(time.Duration(half.Draw(t, "to")) * 12 * time.Hour)
	}
	return f
}

func (f Filter) takes(r Run) bool {
	return (len(f.Namespaces) == 0 || slices.Contains(f.Namespaces, r.Namespace)) &&
		(len(f.States) == 0 || slices.Contains(f.States, r.State)) &&
		(f.JobID == uuid.Nil || f.JobID == r.JobID) && (f.Kind == "" || f.Kind == r.Kind) &&
		(f.From.IsZero() || !r.FireTime.Before(f.From)) && (f.To.IsZero() || r.FireTime.Before(f.To))
}

func someScope(t *rapid.T) scope.Scope {
	if rapid.Bool().Draw(t, "limited") {
		return scope.Of(rapid.SliceOfNDistinct(rapid.SampledFrom(someNamespaces), 0, 3, rapid.ID[string]).Draw(t, "scope"))
	}
	return scope.All()
}

// TestPagesAreThoseOfANaiveList reads random lists page by page.
func TestPagesAreThoseOfANaiveList(t *testing.T) {
	t.Parallel()
	pool, all := someLedger(t)
	l := New(pool)
	rapid.Check(t, func(t *rapid.T) {
		filter, within := someFilter(t), someScope(t)
		var want, got []uuid.UUID
		for _, run := range all {
			if filter.takes(run) && within.Admits(run.Namespace) {
				want = append(want, run.ID)
			}
		}
		for {
			page, err := l.List(scope.With(context.Background(), within), filter)
			if err != nil {
				t.Fatal(err)
			}
			for _, run := range page {
				got = append(got, run.ID)
			}
			if len(page) < filter.Limit {
				break
			}
			filter.After = PositionOf(page[len(page)-1])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}
