package forecast

import (
	"context"
	"iter"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// count is the fires of a window as far as they have been found.
type count struct {
	from, to  time.Time
	fires     int
	searched  int
	complete  bool
	perMinute []int
	queues    map[string][]int32 // per second
	endpoints map[string]*EndpointCount
}

func newCount(from time.Time, minutes int) *count {
	return &count{
		from: from, to: from.Add(time.Duration(minutes) * time.Minute), complete: true,
		perMinute: make([]int, minutes), queues: map[string][]int32{}, endpoints: map[string]*EndpointCount{},
	}
}

// line is what jobs have in common that are counted as one.
type line struct{ schedule, queue, endpoint string }

// addAll counts the fires of all jobs, those of equal schedules at once.
func (c *count) addAll(ctx context.Context, jobs iter.Seq2[Job, error]) error {
	alike := map[line]int{}
	schedules := map[string]*schedule.Schedule{}
	for job, err := range jobs {
		if err != nil {
			return err
		}
		text := job.Schedule.String()
		schedules[text] = job.Schedule
		alike[line{text, job.Queue, job.Endpoint}]++
	}
	looked := 0
	for key, n := range alike {
		if looked++; looked%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if !c.add(schedules[key.schedule], key, n) {
			return nil
		}
	}
	return nil
}

// add counts the fires of n equal jobs, and reports whether there is room for more.
func (c *count) add(s *schedule.Schedule, key line, n int) bool {
	var perSecond []int32
	var endpoint *EndpointCount
	for at := range s.Between(c.from, c.to) {
		if c.searched++; c.searched > mostFires {
			c.complete = false
			return false
		}
		if perSecond == nil {
			perSecond, endpoint = c.queue(key.queue), c.endpoint(key.endpoint)
		}
		second := int(at.Sub(c.from) / time.Second)
		perSecond[second] += int32(n)
		c.perMinute[second/60] += n
		endpoint.PerMinute[second/60] += n
		endpoint.Fires += n
		c.fires += n
	}
	return true
}

func (c *count) queue(name string) []int32 {
	if c.queues[name] == nil {
		c.queues[name] = make([]int32, 60*len(c.perMinute))
	}
	return c.queues[name]
}

func (c *count) endpoint(host string) *EndpointCount {
	if c.endpoints[host] == nil {
		c.endpoints[host] = &EndpointCount{Endpoint: host, PerMinute: make([]int, len(c.perMinute))}
	}
	return c.endpoints[host]
}
