package carillon_test

import (
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/go-cmp/cmp"
)

func TestARatesBurst(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rate      carillon.Rate
		burst     int
		perSecond float64
	}{
		{carillon.Rate{Limit: 20, Per: carillon.PerSecond}, 2, 20},
		{carillon.Rate{Limit: 5, Per: carillon.PerSecond}, 1, 5},
		{carillon.Rate{Limit: 6000, Per: carillon.PerMinute}, 10, 100},
		{carillon.Rate{Limit: 1, Per: carillon.PerHour}, 1, 1.0 / 3600},
		{carillon.Rate{Limit: 100_000, Per: carillon.PerSecond}, 10_000, 100_000},
		{carillon.Rate{Limit: 20, Per: carillon.PerSecond, Burst: 7}, 7, 20},
	} {
		if got := c.rate.WithDefaults(); got.Burst != c.burst || got.PerSecond() != c.perSecond {
			t.Errorf("%+v: burst %d, %v a second", c.rate, got.Burst, got.PerSecond())
		}
	}
}

func TestRatesOfAQueue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rate *carillon.Rate
		want []string
	}{
		"none":                {nil, nil},
		"the least":           {&carillon.Rate{Limit: 1, Per: carillon.PerHour, Burst: 1}, nil},
		"the most":            {&carillon.Rate{Limit: 100_000, Per: carillon.PerSecond, Burst: 10_000}, nil},
		"nothing set":         {&carillon.Rate{}, []string{"rate.limit", "rate.per", "rate.burst"}},
		"too much":            {&carillon.Rate{Limit: 100_001, Per: carillon.PerMinute, Burst: 10_001}, []string{"rate.limit", "rate.burst"}},
		"a period of its own": {&carillon.Rate{Limit: 1, Per: "day", Burst: 1}, []string{"rate.per"}},
	} {
		queue := carillon.Queue{Name: "q", Concurrency: 1, Weight: 1, Rate: c.rate}
		if diff := cmp.Diff(c.want, fields(t, queue.Validate())); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestQueuesThatAreDefinedAlike(t *testing.T) {
	t.Parallel()
	full := func() carillon.Queue {
		return carillon.Queue{
			Name: "q", Concurrency: 1, Weight: 1, Paused: true,
			Rate: &carillon.Rate{Limit: 1, Per: carillon.PerHour, Burst: 1}, Hosts: []carillon.Host{"a", "b"},
		}
	}
	if !full().Equal(full()) || !(carillon.Queue{}).Equal(carillon.Queue{Hosts: []carillon.Host{}}) {
		t.Error("the same queue differs")
	}
	for i, change := range []func(*carillon.Queue){
		func(q *carillon.Queue) { q.Name = "p" }, func(q *carillon.Queue) { q.Concurrency++ }, func(q *carillon.Queue) { q.Weight++ },
		func(q *carillon.Queue) { q.Paused = false }, func(q *carillon.Queue) { q.Rate = nil }, func(q *carillon.Queue) { q.Rate.Burst++ },
		func(q *carillon.Queue) { q.Hosts = q.Hosts[:1] }, func(q *carillon.Queue) { q.Hosts[0] = "c" },
	} {
		changed := full()
		if change(&changed); changed.Equal(full()) || full().Equal(changed) {
			t.Errorf("change %d makes no difference", i)
		}
	}
}
