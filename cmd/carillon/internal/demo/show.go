package demo

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/lull"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/term"
)

const (
	header = "fire time   planned   in flight (peak)   succeeded   failed   other   planned late p50 / p99   called late p50 / p99\n"
	format = "%s  %8d   %9d %6s   %9d   %6d   %5d   %22s   %21s"
)

// Run loads the jobs if there are none, and then shows herd after herd until
// ctx ends.
func Run(ctx context.Context, api *client.Client, target *Target, out io.Writer) error {
	limit, err := limitOfDefault(ctx, api)
	if err != nil {
		return err
	}
	loaded, err := ensureJobs(ctx, api, target.Address())
	if err != nil {
		return err
	}
	if loaded {
		fmt.Fprintf(out, "Loaded %d jobs, all due at the same second of every minute.\n", jobs)
	}
	fmt.Fprintf(out, "At most %d of them may be in flight at once: the limit of the queue \"default\".\n\n%s", limit, header)
	s := &screen{out: out, target: target, live: isTerminal(out), before: plannedInAll()}
	for ctx.Err() == nil {
		s.follow(ctx, api)
	}
	return nil
}

// follow shows what the live feed tells until it ends, as it does for a screen
// that stood still for too long.
func (s *screen) follow(ctx context.Context, api *client.Client) {
	events := make(chan client.Event, 1024)
	ended := make(chan error, 1)
	go func() { ended <- api.Feed(ctx, events) }()
	s.run(events)
	if err := <-ended; err != nil {
		slog.Warn("live feed ended, following it again", "error", err)
		lull.For(ctx, time.Second)
	}
}

func limitOfDefault(ctx context.Context, api *client.Client) (int, error) {
	var page struct {
		Items []carillon.Queue `json:"items"`
	}
	err := api.Do(ctx, "GET", "/queues", nil, &page)
	for _, queue := range page.Items {
		if queue.Name == "default" {
			return queue.Concurrency, err
		}
	}
	return 0, err
}

// screen shows one herd at a time: on a terminal as a line that changes, else
// as a line when the herd has ended.
type screen struct {
	out    io.Writer
	target *Target
	live   bool
	herd   *herd
	before int // planned in all before this herd
}

// run shows what comes until events is closed.
func (s *screen) run(events <-chan client.Event) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case event, ok := <-events:
			if !ok {
				return
			}
			s.take(event)
		case <-tick.C:
			if s.live && s.herd != nil {
				fmt.Fprintf(s.out, "\r%s", s.line())
			}
		}
	}
}

// take counts a run that has ended, and closes the herd when it was the last.
func (s *screen) take(event client.Event) {
	if !event.Run.State.Final() {
		return
	}
	if s.herd == nil || !s.herd.at.Equal(event.Run.FireTime) {
		s.herd = newHerd(event.Run.FireTime)
	}
	s.herd.add(event.Run)
	if inFlight, _ := s.target.load(); inFlight == 0 && s.herd.ended() == plannedInAll()-s.before {
		s.closeHerd()
	}
}

func (s *screen) closeHerd() {
	start := ""
	if s.live {
		start = "\r"
	}
	fmt.Fprintf(s.out, "%s%s\n", start, s.line())
	s.before += s.herd.ended()
	s.herd = nil
	s.target.reset()
}

func (s *screen) line() string {
	inFlight, peak := s.target.load()
	return fmt.Sprintf(format, s.herd.at.Local().Format("15:04:05"), plannedInAll()-s.before, inFlight, fmt.Sprintf("(%d)", peak),
		s.herd.states[carillon.StateSucceeded], s.herd.states[carillon.StateFailed], s.herd.others(),
		quantiles(s.herd.planned), quantiles(s.herd.started))
}

// plannedInAll reads this process's own planner's count of fires planned.
func plannedInAll() int {
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		return 0
	}
	total := 0.0
	for _, family := range families {
		if family.GetName() == "carillon_planner_fires_total" {
			for _, metric := range family.GetMetric() {
				total += metric.GetCounter().GetValue()
			}
		}
	}
	return int(total)
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
