package lease

import (
	"slices"

	"github.com/carillon-cron/carillon/shared/carillon"
)

// view is what the bucket says: who is alive, and who holds what.
type view struct {
	planners map[string]bool
	holders  map[int]string
}

// share returns which free partitions a planner should try to take, and which
// of its own it should give up.
func share(v view, self string) (take, give []int) {
	alive := len(v.planners)
	if !v.planners[self] {
		alive++
	}
	fair := (carillon.Partitions + alive - 1) / alive
	var held, free []int
	for p := range carillon.Partitions {
		switch v.holders[p] {
		case self:
			held = append(held, p)
		case "":
			free = append(free, p)
		}
	}
	if len(held) > fair {
		return nil, slices.Clone(held[fair:])
	}
	return free[:min(len(free), fair-len(held))], nil
}
