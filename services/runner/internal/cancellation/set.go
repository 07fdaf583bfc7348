package cancellation

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// Set holds the orders that are known and the runs in hand. It is safe for
// concurrent use.
type Set struct {
	mu     sync.Mutex
	runs   map[uuid.UUID]heard
	jobs   map[uuid.UUID]heard
	inHand map[*hand]struct{}
	pruned time.Time
}

// heard is an order and when this runner heard it.
type heard struct {
	Order
	at time.Time
}

// hand is a run in hand.
type hand struct {
	job  uuid.UUID
	run  wire.Run
	stop context.CancelCauseFunc
}

// pruneEvery is how often orders that the bucket no longer holds are dropped.
const pruneEvery = time.Hour

// NewSet returns a set without orders.
func NewSet() *Set {
	return &Set{
		runs: make(map[uuid.UUID]heard), jobs: make(map[uuid.UUID]heard),
		inHand: make(map[*hand]struct{}), pruned: time.Now(),
	}
}

// stopped is the cause that ends the context of a cancelled run.
type stopped struct{ reason string }

func (s *stopped) Error() string { return s.reason }

// Reason returns why the run of a context was cancelled, and whether it was. The
// context is one that [Set.Enter] made, or comes of one.
func Reason(ctx context.Context) (reason string, cancelled bool) {
	if cause, ok := errors.AsType[*stopped](context.Cause(ctx)); ok {
		return cause.reason, true
	}
	return "", false
}

// Enter takes a run in hand. The context that it returns ends when an order for
// the run comes, at once if there is one; the caller calls leave at the end.
func (s *Set) Enter(ctx context.Context, job uuid.UUID, run wire.Run) (_ context.Context, leave func()) {
	ctx, stop := context.WithCancelCause(ctx)
	entered := &hand{job: job, run: run, stop: stop}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inHand[entered] = struct{}{}
	for _, order := range []Order{s.runs[run.ID].Order, s.jobs[job].Order} {
		entered.hear(&order)
	}
	return ctx, func() { s.leave(entered) }
}

func (s *Set) leave(left *hand) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.inHand, left)
	left.stop(nil)
}

// hear stops the run if the order means it.
func (h *hand) hear(order *Order) {
	if order.Covers(h.job, &h.run) {
		h.stop(&stopped{order.Reason})
	}
}

// Add takes an order in, and stops the runs in hand that it means.
func (s *Set) Add(order Order) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.prune(now)
	if order.Run != uuid.Nil {
		s.runs[order.Run] = heard{order, now}
	} else {
		s.jobs[order.JobID] = heard{order, now}
	}
	for hand := range s.inHand {
		hand.hear(&order)
	}
}

// prune drops what the bucket has dropped. The lock is held.
func (s *Set) prune(now time.Time) {
	if now.Sub(s.pruned) < pruneEvery {
		return
	}
	s.pruned = now
	for _, orders := range []map[uuid.UUID]heard{s.runs, s.jobs} {
		for id, order := range orders {
			if now.Sub(order.at) > topology.ControlTTL {
				delete(orders, id)
			}
		}
	}
}
