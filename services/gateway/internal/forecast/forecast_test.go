package forecast

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

var noon = time.Date(2026, 11, 23, 12, 0, 30, 0, time.UTC)

func compiled(t *testing.T, spec schedule.Spec) *schedule.Schedule {
	t.Helper()
	s, err := spec.Compile("seed")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func list(jobs ...Job) iter.Seq2[Job, error] {
	return func(yield func(Job, error) bool) {
		for _, job := range jobs {
			if !yield(job, nil) {
				return
			}
		}
	}
}

func forecast(t *testing.T, jobs []Job, queues []Queue, minutes int) *Forecast {
	t.Helper()
	f, err := Of(t.Context(), list(jobs...), queues, noon, minutes)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestCountsAreThoseOfEachJobAlone(t *testing.T) {
	t.Parallel()
	specs := []schedule.Spec{
		{Cron: "* * * * *"}, {Cron: "*/7 * * * *"}, {Cron: "0 13 * * *"}, {Cron: "*/20 * * * * *"},
		{Every: schedule.Duration(45 * time.Second)}, {Every: schedule.Duration(time.Hour)},
	}
	random := rand.New(rand.NewPCG(1, 2))
	var jobs []Job
	perMinute, perQueue, perEndpoint := make([]int, 180), map[string]int{}, map[string]int{}
	from := noon.Truncate(time.Minute)
	for range 60 {
		job := Job{compiled(t, specs[random.IntN(len(specs))]), []string{"a", "b"}[random.IntN(2)], []string{"x", "y", "z"}[random.IntN(3)]}
		jobs = append(jobs, job)
		for at := range job.Schedule.Between(noon, from.Add(3*time.Hour)) {
			perMinute[int(at.Sub(from)/time.Minute)]++
			perQueue[job.Queue]++
			perEndpoint[job.Endpoint]++
		}
	}
	got := forecast(t, jobs, nil, 180)
	if !got.Complete || !slices.Equal(got.PerMinute, perMinute) || !got.From.Equal(from) || !got.To.Equal(from.Add(3*time.Hour)) {
		t.Errorf("got %v, want %v", got.PerMinute, perMinute)
	}
	for _, queue := range got.Queues {
		if queue.Fires != perQueue[queue.Queue] || sum(queue.PerMinute) != queue.Fires || queue.RunSeconds != nil || queue.LongestWait != nil {
			t.Errorf("queue %+v, want %d fires and no wait", queue, perQueue[queue.Queue])
		}
	}
	for i, endpoint := range got.Endpoints {
		if endpoint.Fires != perEndpoint[endpoint.Endpoint] || sum(endpoint.PerMinute) != endpoint.Fires || i > 0 && endpoint.Fires > got.Endpoints[i-1].Fires {
			t.Errorf("endpoint %+v, want %d fires, busiest first", endpoint, perEndpoint[endpoint.Endpoint])
		}
	}
	if len(got.Queues) != 2 || len(got.Endpoints) != 3 {
		t.Errorf("%d queues and %d endpoints", len(got.Queues), len(got.Endpoints))
	}
}

func sum(numbers []int) (total int) {
	for _, n := range numbers {
		total += n
	}
	return total
}

// TestTheWaitIsThatOfAQueue compares with runs that are served one by one, by
// the slot that is free first.
func TestTheWaitIsThatOfAQueue(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		queue := Queue{Name: "a", Concurrency: 1 + random.IntN(20), Seconds: 0.1 + 3*random.Float64()}
		perSecond := make([]int32, 120)
		for range 1 + random.IntN(6) {
			perSecond[random.IntN(120)] = int32(random.IntN(200))
		}
		got, want := waits(perSecond, queue), served(perSecond, queue)
		for minute := range want {
			if math.Abs(got[minute]-want[minute]) > queue.Seconds+1 {
				t.Fatalf("minute %d of %+v, %v: predicted %.2f s, really %.2f s", minute, queue, perSecond, got[minute], want[minute])
			}
		}
	}
}

func served(perSecond []int32, queue Queue) []float64 {
	free := make([]float64, queue.Concurrency)
	longest := make([]float64, len(perSecond)/60)
	for second, fires := range perSecond {
		for range fires {
			slot := slices.Index(free, slices.Min(free))
			start := max(free[slot], float64(second))
			free[slot] = start + queue.Seconds
			longest[second/60] = max(longest[second/60], start-float64(second))
		}
	}
	return longest
}

func TestAHerdWaitsForItsSlots(t *testing.T) {
	t.Parallel()
	var jobs []Job
	for range 200 {
		jobs = append(jobs, Job{compiled(t, schedule.Spec{Cron: "5 12 * * *"}), "default", "x"})
	}
	got := forecast(t, jobs, []Queue{{"default", 50, 1}, {"low", 1, 1}}, 10)
	queue := got.Queues[0]
	if len(got.Queues) != 1 || queue.PerMinute[5] != 200 || *queue.LongestWait != 3 || queue.WaitSeconds[5] != 3 || queue.WaitSeconds[4] != 0 {
		t.Errorf("got %+v", got.Queues)
	}
}

// TestAWindowWithTooManyFiresIsCut has 200 jobs that fire every second, none equal
// to another, and one that fires every minute: 12,001 fires a minute, half of them in
// the first.
func TestAWindowWithTooManyFiresIsCut(t *testing.T) {
	t.Parallel()
	jobs := []Job{{compiled(t, schedule.Spec{Cron: "0 * * * * *"}), "low", "z"}}
	for i := range 200 {
		jobs = append(jobs, Job{compiled(t, schedule.Spec{Cron: "* * * * * *"}), "default", string(rune('α' + i))})
	}
	d, err := newDemand(list(jobs...))
	if err != nil {
		t.Fatal(err)
	}
	for most, want := range map[int]int{6_000 + 3*12_001: 4, 6_000 + 4*12_001 - 1: 4, 6_000 + 4*12_001: 5, 1: 1, 1_000_000: 20} {
		c, err := d.countAll(t.Context(), noon, 20, most)
		if err != nil || c.minutes != want || len(c.perMinute) != want || c.fires() != 6_000+(want-1)*12_001 || len(c.queues["default"]) != 60*want {
			t.Errorf("at most %d: %d minutes with %d fires, want %d; %v", most, c.minutes, c.fires(), want, err)
		}
	}
	got := forecast(t, jobs, nil, 24*60)
	if got.Complete || got.Fires > mostFires || got.Fires < mostFires-12_001 || !got.To.Equal(got.From.Add(time.Duration(len(got.PerMinute))*time.Minute)) {
		t.Errorf("complete %v with %d fires until %s", got.Complete, got.Fires, got.To)
	}
	for _, endpoint := range got.Endpoints {
		if endpoint.Fires != sum(endpoint.PerMinute) || len(endpoint.PerMinute) != len(got.PerMinute) || endpoint.Fires != 60*len(got.PerMinute)-30 {
			t.Errorf("endpoint %s: %d fires", endpoint.Endpoint, endpoint.Fires)
		}
	}
	if len(got.Endpoints) != mostEndpoints {
		t.Errorf("%d endpoints", len(got.Endpoints))
	}
}

// TestManyHostsTakeLittleMemory has 20,000 hosts, of which a day's minutes would be
// 230 MB.
func TestManyHostsTakeLittleMemory(t *testing.T) {
	hourly := compiled(t, schedule.Spec{Cron: "0 * * * *"})
	var jobs []Job
	for i := range 20_000 {
		jobs = append(jobs, Job{hourly, "default", fmt.Sprint(i)})
	}
	took := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Of(b.Context(), list(jobs...), nil, noon, 24*60); err != nil {
				b.Fatal(err)
			}
		}
	}).AllocedBytesPerOp()
	if took > 50<<20 {
		t.Errorf("%d bytes for 20,000 hosts", took)
	}
}

func TestItFailsWithItsJobsAndItsContext(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	_, err := Of(t.Context(), func(yield func(Job, error) bool) { yield(Job{}, boom) }, nil, noon, 1)
	if !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	var jobs []Job
	for i := range 2 * checkEvery {
		jobs = append(jobs, Job{compiled(t, schedule.Spec{Cron: "* * * * *"}), "default", string(rune('a' + i))})
	}
	if _, err := Of(ended, list(jobs...), nil, noon, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
