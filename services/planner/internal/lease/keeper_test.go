package lease

import (
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/carillon-cron/carillon/shared/topology"
)

// owner notes what it is given.
type owner []int

func (o *owner) Gain(p int) { *o = append(*o, p) }
func (o *owner) Lose(int)   {}

// Planners that hear of the same free partitions reach for the same one first.
// Whoever comes second takes another one at once.
func TestTheSlowerOneTakesWhatIsLeft(t *testing.T) {
	t.Parallel()
	bucket, err := natstest.Start(t).Streams().KeyValue(t.Context(), topology.LeasesBucket)
	if err != nil {
		t.Fatal(err)
	}
	const half = carillon.Partitions / 2
	for p := range half {
		if _, err := bucket.PutString(t.Context(), partitionKey(p), "faster"); err != nil {
			t.Fatal(err)
		}
	}
	gained := owner{}
	k := NewKeeper(bucket, "slower", &gained, nil)
	k.view.planners["faster"], k.view.planners["slower"] = true, true
	k.balance(t.Context()) // before any news of what the faster one has
	if want := []int{half, half + 1, half + 2, half + 3, half + 4, half + 5}; !slices.Equal(gained, want) {
		t.Errorf("gained %v, want %v", gained, want)
	}
}

// The news that a key has run out can be lost with its server. A planner that is
// still counted for ever would keep its share of the partitions from the others.
func TestKeysThatFallSilentAreForgotten(t *testing.T) {
	t.Parallel()
	now := time.Now()
	k := NewKeeper(nil, "me", nil, nil)
	for key, at := range map[string]time.Time{
		topology.PlannerLease + "dead": now.Add(-silence - 1), topology.PlannerLease + "alive": now.Add(-silence),
		partitionKey(1): now.Add(-silence - 1), partitionKey(2): now, partitionKey(3): now.Add(-time.Hour),
	} {
		k.heard[key] = at
	}
	k.view.planners["dead"], k.view.planners["alive"] = true, true
	k.view.holders[1], k.view.holders[2], k.view.holders[3] = "dead", "alive", "me"
	k.held[3] = 7
	k.forget(now)
	if len(k.view.planners) != 1 || !k.view.planners["alive"] {
		t.Errorf("planners %v, want only the one alive", k.view.planners)
	}
	if _, dead := k.view.holders[1]; dead || k.view.holders[2] != "alive" || k.view.holders[3] != "me" {
		t.Errorf("holders %v", k.view.holders)
	}
}
