package lease

import (
	"testing"
	"time"
)

// The news that a key has run out can be lost with its server. A planner that is
// still counted for ever would keep its share of the partitions from the others.
func TestKeysThatFallSilentAreForgotten(t *testing.T) {
	t.Parallel()
	now := time.Now()
	k := NewKeeper(nil, "me", nil, nil)
	for key, at := range map[string]time.Time{
		plannerPrefix + "dead": now.Add(-silence - 1), plannerPrefix + "alive": now.Add(-silence),
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
