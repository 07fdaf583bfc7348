package watch

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/alert"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// notes are alerts that only note who was looked at. At first they are away.
type notes struct {
	mu     sync.Mutex
	away   int
	looked map[uuid.UUID]int
	most   int
	failed time.Time
}

func (n *notes) Now(context.Context) (time.Time, error) { return time.Now(), nil }

func (n *notes) Look(_ context.Context, seen map[uuid.UUID]*alert.Evidence, _ time.Time) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.away > 0 {
		n.away--
		return errors.New("away")
	}
	n.most = max(n.most, len(seen))
	for id, evidence := range seen {
		n.looked[id]++
		if at := evidence.Failed.FireTime; at.After(n.failed) {
			n.failed = at
		}
	}
	return nil
}

func (n *notes) Open(context.Context) ([]uuid.UUID, error)     { return nil, nil }
func (n *notes) Suspects(context.Context) ([]uuid.UUID, error) { return nil, nil }
func (n *notes) Slow(context.Context) ([]uuid.UUID, error)     { return nil, nil }
func (n *notes) Tidy(context.Context, time.Time) error         { return nil }

// noChecks has none.
type noChecks struct{}

func (noChecks) Look(context.Context, time.Time, time.Time) error { return nil }

func (noChecks) Tidy(context.Context) error { return nil }

func heardAll(context.Context) (time.Time, error) { return time.Now(), nil }

func ended(state carillon.State, at time.Time) *wire.Outcome {
	return &wire.Outcome{JobID: uuid.New(), Kind: carillon.KindSchedule, State: state, FireTime: at, StartedAt: at, FinishedAt: at}
}

func TestEachSuspiciousJobIsLookedAtOnceThoughPostgresWasAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := &notes{looked: map[uuid.UUID]int{}, away: 3}
		w := New(n, noChecks{}, heardAll)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { w.Run(ctx) })
		running.Go(func() { w.Preside(ctx) })
		began := time.Now()
		var first *wire.Outcome
		for i := range 2500 {
			bad := ended(carillon.StateFailed, began.Add(time.Duration(i)))
			if first == nil {
				first = bad
			}
			w.Recorded([]*wire.Outcome{bad, ended(carillon.StateSucceeded, began)})
		}
		<-time.After(1500 * time.Millisecond)
		again := *first // told anew while Postgres is away
		again.FireTime = began.Add(time.Hour)
		w.Recorded([]*wire.Outcome{&again})
		<-time.After(time.Minute)
		cancel()
		running.Wait()
		if len(n.looked) != 2500 || n.most != page || !n.failed.Equal(again.FireTime) {
			t.Errorf("looked at %d jobs, at most %d at once, the last at %v", len(n.looked), n.most, n.failed)
		}
		for id, times := range n.looked {
			if times != 1 {
				t.Errorf("looked at %s %d times", id, times)
			}
		}
	})
}
