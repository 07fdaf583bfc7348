package share

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/go-cmp/cmp"
)

func queue(name string, concurrency, weight int) carillon.Queue {
	return carillon.Queue{Name: name, Concurrency: concurrency, Weight: weight}
}

func TestOf(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		slots  int
		queues []carillon.Queue
		want   map[string]int
	}{
		"no queues":                     {10, nil, map[string]int{}},
		"one queue gets all":            {10, []carillon.Queue{queue("a", 100, 1)}, map[string]int{"a": 10}},
		"never above concurrency":       {512, carillon.BuiltinQueues(), map[string]int{"critical": 100, "default": 50, "low": 20}},
		"by weight":                     {100, []carillon.Queue{queue("a", 999, 6), queue("b", 999, 3), queue("c", 999, 1)}, map[string]int{"a": 60, "b": 30, "c": 10}},
		"largest remainder first":       {10, []carillon.Queue{queue("a", 99, 1), queue("b", 99, 1), queue("c", 99, 1)}, map[string]int{"a": 4, "b": 3, "c": 3}},
		"what one cannot use goes on":   {100, []carillon.Queue{queue("a", 5, 8), queue("b", 999, 1), queue("c", 999, 1)}, map[string]int{"a": 5, "b": 48, "c": 47}},
		"going on fills the next":       {100, []carillon.Queue{queue("a", 5, 8), queue("b", 30, 1), queue("c", 999, 1)}, map[string]int{"a": 5, "b": 30, "c": 65}},
		"at least one, even too many":   {2, []carillon.Queue{queue("a", 9, 100), queue("b", 9, 1), queue("c", 9, 1)}, map[string]int{"a": 2, "b": 1, "c": 1}},
		"at least one of a large herd":  {10, []carillon.Queue{queue("a", 99, 1000), queue("b", 99, 1)}, map[string]int{"a": 10, "b": 1}},
		"exactly enough for everybody":  {9, []carillon.Queue{queue("a", 4, 1), queue("b", 5, 1)}, map[string]int{"a": 4, "b": 5}},
		"more slots than can be of use": {100, []carillon.Queue{queue("a", 4, 1), queue("b", 5, 9)}, map[string]int{"a": 4, "b": 5}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, Of(test.slots, test.queues)); diff != "" {
				t.Errorf("shares (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSharesKeepTheirBounds(t *testing.T) {
	t.Parallel()
	for range 2000 {
		slots, queues := 1+rand.IntN(600), randomQueues()
		sum, concurrency := 0, 0
		for i, n := range sharesInOrder(slots, queues) {
			if n < 1 || n > queues[i].Concurrency {
				t.Fatalf("%d slots: share %d of %+v", slots, n, queues[i])
			}
			sum += n
			concurrency += queues[i].Concurrency
		}
		if most := min(slots, concurrency); len(queues) <= slots && sum < most {
			t.Fatalf("%d slots over %+v: only %d dealt of %d that could be used", slots, queues, sum, most)
		}
		if sum > slots+len(queues) {
			t.Fatalf("%d slots over %+v: %d dealt", slots, queues, sum)
		}
	}
}

func TestOrderOfQueuesDoesNotMatter(t *testing.T) {
	t.Parallel()
	for range 200 {
		queues := randomQueues()
		want := Of(100, queues)
		rand.Shuffle(len(queues), func(i, j int) { queues[i], queues[j] = queues[j], queues[i] })
		if diff := cmp.Diff(want, Of(100, queues)); diff != "" {
			t.Fatalf("shares (-want +got):\n%s", diff)
		}
	}
}

func randomQueues() []carillon.Queue {
	queues := make([]carillon.Queue, 1+rand.IntN(12))
	for i := range queues {
		queues[i] = queue("q"+strconv.Itoa(i), 1+rand.IntN(200), 1+rand.IntN(1000))
	}
	return queues
}

func sharesInOrder(slots int, queues []carillon.Queue) []int {
	shares, counts := Of(slots, queues), make([]int, len(queues))
	for i, queue := range queues {
		counts[i] = shares[queue.Name]
	}
	return counts
}
