package forecast

import (
	"context"
	"iter"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// line is what jobs have in common that are counted as one.
type line struct{ schedule, queue, endpoint string }

// demand is the jobs to count, those that are alike as one.
type demand struct {
	alike     map[line]int
	schedules map[string]*schedule.Schedule
}

func newDemand(jobs iter.Seq2[Job, error]) (*demand, error) {
	d := &demand{map[line]int{}, map[string]*schedule.Schedule{}}
	for job, err := range jobs {
		if err != nil {
			return nil, err
		}
		text := job.Schedule.String()
		d.schedules[text] = job.Schedule
		d.alike[line{text, job.Queue, job.Endpoint}]++
	}
	return d, nil
}

// count is the fires of a window as far as they have been found.
type count struct {
	now, from time.Time // fires before now are over; the first minute begins before
	minutes   int       // of the window
	searched  []int     // fires in each minute, alike ones once
	within    int       // the sum of searched over the window
	perMinute []int
	queues    map[string][]int32 // per second
	endpoints map[string]int
}

func newCount(now time.Time, minutes int) *count {
	return &count{
		now: now, from: now.Truncate(time.Minute), minutes: minutes, searched: make([]int, minutes),
		perMinute: make([]int, minutes), queues: map[string][]int32{}, endpoints: map[string]int{},
	}
}

func (c *count) to() time.Time { return c.from.Add(time.Duration(c.minutes) * time.Minute) }

// countAll counts all fires of a window, or of as many of its first minutes as
// have no more fires than are searched; of one at the least. How many those are
// does not depend on the order in which the lines come.
func (d *demand) countAll(ctx context.Context, now time.Time, minutes, most int) (*count, error) {
	c := newCount(now, minutes)
	err := d.each(ctx, func(key line, n int) { c.add(d.schedules[key.schedule], key, n, most) })
	if err != nil || c.minutes == minutes {
		return c, err
	}
	return d.countAll(ctx, now, c.minutes, most) // what was found beyond is in the sums
}

func (d *demand) each(ctx context.Context, do func(line, int)) error {
	looked := 0
	for key, n := range d.alike {
		if looked++; looked%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		do(key, n)
	}
	return nil
}

// add counts the fires of n equal jobs, and shortens the window if there are too
// many in it.
func (c *count) add(s *schedule.Schedule, key line, n, most int) {
	var perSecond []int32
	fires := 0
	for at := range s.Between(c.now, c.to()) {
		if perSecond == nil {
			perSecond = c.queue(key.queue)
		}
		second := int(at.Sub(c.from) / time.Second)
		if second/60 >= c.minutes {
			break
		}
		perSecond[second] += int32(n)
		c.perMinute[second/60] += n
		c.searched[second/60]++
		c.within++
		fires += n
		for c.within > most && c.minutes > 1 {
			c.minutes--
			c.within -= c.searched[c.minutes]
		}
	}
	if fires > 0 {
		c.endpoints[key.endpoint] += fires
	}
}

func (c *count) queue(name string) []int32 {
	if c.queues[name] == nil {
		c.queues[name] = make([]int32, 60*len(c.perMinute))
	}
	return c.queues[name]
}
