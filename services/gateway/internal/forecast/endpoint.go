package forecast

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// EndpointCount is what comes to one host.
type EndpointCount struct {
	Endpoint  string `json:"endpoint" example:"api.example.com"`
	Fires     int    `json:"fires"`
	PerMinute []int  `json:"per_minute"`
}

// busiest tells the busiest endpoints of a count apart by minute. There may be as
// many endpoints as jobs, so the others are never held minute by minute: the jobs
// of the busiest are searched a second time.
func (d *demand) busiest(ctx context.Context, c *count) ([]EndpointCount, error) {
	top := c.top()
	place := map[string]int{}
	for i, endpoint := range top {
		place[endpoint.Endpoint] = i
	}
	err := d.each(ctx, func(key line, n int) {
		i, ok := place[key.endpoint]
		if !ok {
			return
		}
		for at := range d.schedules[key.schedule].Between(c.now, c.to()) {
			top[i].PerMinute[at.Sub(c.from)/time.Minute] += n
		}
	})
	return top, err
}

// top returns the busiest endpoints, their minutes empty.
func (c *count) top() []EndpointCount {
	all := make([]EndpointCount, 0, len(c.endpoints))
	for host, fires := range c.endpoints {
		all = append(all, EndpointCount{Endpoint: host, Fires: fires})
	}
	slices.SortFunc(all, func(a, b EndpointCount) int {
		return cmp.Or(cmp.Compare(b.Fires, a.Fires), cmp.Compare(a.Endpoint, b.Endpoint))
	})
	top := slices.Clone(all[:min(len(all), mostEndpoints)])
	for i := range top {
		top[i].PerMinute = make([]int, c.minutes)
	}
	return top
}
