package demo

import (
	"fmt"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

// herd is all runs of one fire time.
type herd struct {
	at      time.Time
	states  map[carillon.State]int
	planned []time.Duration // lateness of the planning, one per ended run
	started []time.Duration // lateness of the first call
}

func newHerd(at time.Time) *herd {
	return &herd{at: at, states: map[carillon.State]int{}}
}

// add takes in a run that has ended.
func (h *herd) add(run wire.Outcome) {
	h.states[run.State]++
	h.planned = append(h.planned, run.PlannedAt.Sub(run.FireTime))
	if !run.StartedAt.IsZero() {
		h.started = append(h.started, run.StartedAt.Sub(run.FireTime))
	}
}

// ended counts the runs that have ended, in any way.
func (h *herd) ended() int { return len(h.planned) }

// others counts the runs that ended, but did neither succeed nor fail.
func (h *herd) others() int {
	return h.ended() - h.states[carillon.StateSucceeded] - h.states[carillon.StateFailed]
}

// quantiles writes the median and the 99th percentile of some durations.
func quantiles(durations []time.Duration) string {
	if len(durations) == 0 {
		return "–"
	}
	sorted := slices.Sorted(slices.Values(durations))
	at := func(q float64) time.Duration {
		return sorted[int(q*float64(len(sorted)-1))].Round(time.Millisecond)
	}
	return fmt.Sprintf("%s / %s", at(0.5), at(0.99))
}
