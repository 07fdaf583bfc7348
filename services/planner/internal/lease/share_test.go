package lease

import (
	"fmt"
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
)

func TestShare(t *testing.T) {
	t.Parallel()
	held := func(by string, n int) map[int]string {
		holders := map[int]string{}
		for p := range n {
			holders[p] = by
		}
		return holders
	}
	for name, c := range map[string]struct {
		planners   []string
		holders    map[int]string
		take, give int
	}{
		"alone takes all":                     {[]string{"me"}, nil, 12, 0},
		"alone, before it sees itself":        {nil, nil, 12, 0},
		"one of two takes half":               {[]string{"me", "b"}, nil, 6, 0},
		"one of five takes the fifth, up":     {[]string{"me", "b", "c", "d", "e"}, nil, 3, 0},
		"a newcomer makes the old one give":   {[]string{"me", "b"}, held("me", 12), 0, 6},
		"its fair share is kept":              {[]string{"me", "b"}, held("me", 6), 0, 0},
		"nothing is taken from others":        {[]string{"me", "b"}, held("b", 12), 0, 0},
		"more planners than partitions":       {names(20), nil, 1, 0},
		"what a dead one left, up to a share": {[]string{"me", "b"}, held("b", 3), 6, 0},
	} {
		t.Run(name, func(t *testing.T) {
			v := view{planners: map[string]bool{}, holders: c.holders}
			for _, planner := range c.planners {
				v.planners[planner] = true
			}
			take, give := share(v, "me")
			if len(take) != c.take || len(give) != c.give {
				t.Errorf("take %d, give %d; want %d and %d", len(take), len(give), c.take, c.give)
			}
		})
	}
}

func names(n int) []string {
	all := []string{"me"}
	for i := range n - 1 {
		all = append(all, fmt.Sprint(i))
	}
	return all
}

// TestSharesSettle plays rounds of taking and giving over changing groups of
// planners: every partition ends with one planner, nobody above the fair share.
func TestSharesSettle(t *testing.T) {
	t.Parallel()
	holders := map[int]string{}
	for _, group := range [][]string{{"a"}, {"a", "b"}, {"a", "b", "c"}, {"b", "c"}, {"b", "c", "d", "e", "f"}, {"f"}} {
		alive := map[string]bool{}
		for _, planner := range group {
			alive[planner] = true
		}
		for p, holder := range holders {
			if !alive[holder] {
				delete(holders, p)
			}
		}
		for range 2 {
			for _, planner := range group {
				take, give := share(view{alive, holders}, planner)
				for _, p := range take {
					holders[p] = planner
				}
				for _, p := range give {
					delete(holders, p)
				}
			}
		}
		count := map[string]int{}
		for _, holder := range holders {
			count[holder]++
		}
		fair := (carillon.Partitions + len(group) - 1) / len(group)
		for planner, n := range count {
			if n > fair {
				t.Errorf("%v: %s holds %d, fair is %d", group, planner, n, fair)
			}
		}
		if len(holders) != carillon.Partitions {
			t.Errorf("%v: %d partitions held of %d", group, len(holders), carillon.Partitions)
		}
	}
}
