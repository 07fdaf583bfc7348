package postgres_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
)

// taker takes turns until it is stopped.
type taker struct {
	working atomic.Int32
	stop    context.CancelFunc
	ended   chan struct{}
}

func take(t *testing.T, url, name string) *taker {
	t.Helper()
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: url, ApplicationName: name})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	k := &taker{stop: cancel, ended: make(chan struct{})}
	go func() {
		defer close(k.ended)
		postgres.TakeTurns(ctx, pool, "test", func(ctx context.Context) {
			k.working.Add(1)
			<-ctx.Done()
			k.working.Add(-1)
		})
	}()
	t.Cleanup(func() { cancel(); <-k.ended; pool.Close() })
	return k
}

// working counts who works.
func working(takers []*taker) (n int32, last int) {
	for i, k := range takers {
		if k.working.Load() > 0 {
			last = i
		}
		n += k.working.Load()
	}
	return n, last
}

func one(t *testing.T, takers []*taker, but int) (who int) {
	t.Helper()
	eventually.Succeeds(t, func() error {
		n, last := working(takers)
		if who = last; n != 1 || who == but {
			return errors.New("nobody, or several, or the wrong one")
		}
		return nil
	})
	return who
}

func TestOneAtATimeTakesItsTurn(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	var takers []*taker
	for _, name := range []string{"a", "b", "c"} {
		takers = append(takers, take(t, url, name))
	}
	first := one(t, takers, -1)
	takers[first].stop()
	<-takers[first].ended
	second := one(t, takers, first)
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: url, ApplicationName: "killer"})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	victim := string(rune('a' + second))
	if _, err := pool.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()`, victim); err != nil {
		t.Fatal(err)
	}
	one(t, takers, -1)
}

func TestWorkThatEndsIsBegunAgain(t *testing.T) {
	t.Parallel()
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: pgtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var turns atomic.Int32
	var taking sync.WaitGroup
	taking.Go(func() {
		postgres.TakeTurns(ctx, pool, "test", func(context.Context) {
			if turns.Add(1) == 2 {
				cancel()
			}
		})
	})
	taking.Wait()
	if n := turns.Load(); n != 2 {
		t.Errorf("%d turns", n)
	}
}
