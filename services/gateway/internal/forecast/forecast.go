package forecast

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

const (
	// mostFires bounds the search: about two seconds of it.
	mostFires = 10_000_000
	// mostEndpoints is how many endpoints are told apart, the busiest first.
	mostEndpoints = 100
	// checkEvery is how many schedules are searched between two looks at ctx.
	checkEvery = 256
)

// Job is what the forecast needs of a job.
type Job struct {
	Schedule *schedule.Schedule
	Queue    string
	Endpoint string // host, and port if it is named
}

// Queue is what the forecast needs of a queue.
type Queue struct {
	Name        string
	Concurrency int
	// Seconds is how long its runs take on average; 0 if none is known.
	Seconds float64
}

// Forecast is the fires of a window, minute by minute.
type Forecast struct {
	From      time.Time       `json:"from" doc:"Start of the first minute."`
	To        time.Time       `json:"to" doc:"End of the last minute: what was asked for, or until when the counts hold."`
	Fires     int             `json:"fires" doc:"All fires of the window that are to come."`
	Complete  bool            `json:"complete" doc:"False if there are more fires than a forecast counts: then it ends earlier than was asked."`
	PerMinute []int           `json:"per_minute" doc:"Fires in each minute of the window."`
	Queues    []QueueForecast `json:"queues" doc:"Queues with fires, by name."`
	Endpoints []EndpointCount `json:"endpoints" doc:"The busiest hosts, at most 100."`
}

// QueueForecast is what comes to one queue.
type QueueForecast struct {
	Queue       string    `json:"queue"`
	Concurrency int       `json:"concurrency" doc:"Slots that the wait is predicted with."`
	RunSeconds  *float64  `json:"run_seconds" doc:"Mean duration of the queue's latest runs; null if there are none."`
	Fires       int       `json:"fires"`
	PerMinute   []int     `json:"per_minute"`
	WaitSeconds []float64 `json:"wait_seconds,omitempty" doc:"Longest predicted wait for a slot, of the runs of each minute; missing if no duration is known."`
	LongestWait *float64  `json:"longest_wait_seconds" doc:"Longest of them; null if no duration is known."`
}

// Of forecasts some minutes, of which the first is the one that holds now; its
// fires before now are over. It fails with the error of jobs, or with ctx's.
func Of(ctx context.Context, jobs iter.Seq2[Job, error], queues []Queue, now time.Time, minutes int) (*Forecast, error) {
	d, err := newDemand(jobs)
	if err != nil {
		return nil, err
	}
	c, err := d.countAll(ctx, now.UTC(), minutes, mostFires)
	if err != nil {
		return nil, err
	}
	endpoints, err := d.busiest(ctx, c)
	return &Forecast{
		From: c.from, To: c.to(), Fires: c.fires(), Complete: c.minutes == minutes, PerMinute: c.perMinute,
		Queues: c.queueForecasts(queues), Endpoints: endpoints,
	}, err
}

func (c *count) fires() (all int) {
	for _, n := range c.perMinute {
		all += n
	}
	return all
}

func (c *count) queueForecasts(queues []Queue) []QueueForecast {
	known := map[string]Queue{}
	for _, queue := range queues {
		known[queue.Name] = queue
	}
	all := make([]QueueForecast, 0, len(c.queues))
	for name, perSecond := range c.queues {
		queue := known[name]
		queue.Name = name
		all = append(all, queueForecast(queue, perSecond))
	}
	slices.SortFunc(all, func(a, b QueueForecast) int { return cmp.Compare(a.Queue, b.Queue) })
	return all
}

func queueForecast(queue Queue, perSecond []int32) QueueForecast {
	f := QueueForecast{Queue: queue.Name, Concurrency: queue.Concurrency, PerMinute: make([]int, len(perSecond)/60)}
	for second, fires := range perSecond {
		f.PerMinute[second/60] += int(fires)
		f.Fires += int(fires)
	}
	if queue.Seconds > 0 && queue.Concurrency > 0 {
		f.RunSeconds = &queue.Seconds
		f.WaitSeconds = waits(perSecond, queue)
		longest := slices.Max(f.WaitSeconds)
		f.LongestWait = &longest
	}
	return f
}

// waits predicts, for each minute, the wait of the last run that comes in its
// most crowded second. Runs beyond the free slots wait for the work before them.
func waits(perSecond []int32, queue Queue) []float64 {
	slots := float64(queue.Concurrency)
	longest := make([]float64, len(perSecond)/60)
	work := 0.0 // seconds of it, left from before
	for second, fires := range perSecond {
		if fires > 0 {
			before := work + float64(fires-1)*queue.Seconds
			wait := max(0, before/slots-queue.Seconds*(slots-1)/slots)
			longest[second/60] = max(longest[second/60], wait)
			work += float64(fires) * queue.Seconds
		}
		work = max(0, work-slots)
	}
	return longest
}
