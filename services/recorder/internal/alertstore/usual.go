package alertstore

import (
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/alert"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/jobstat"
)

const (
	// most is the share of runs that are not slow.
	most = 0.95
	// enough is how many successes it takes to know what is usual.
	enough = 10
)

// usual returns how long most runs take beside the one that is judged, by statistics
// that hold it already; 0 if that is not known.
func usual(s *jobstat.Stats) func(alert.Run) time.Duration {
	return func(judged alert.Run) time.Duration {
		others := s.Counts.Succeeded
		if judged.State == carillon.StateSucceeded {
			others--
		}
		if others < enough {
			return 0
		}
		seconds, _ := s.DurationsWithout(jobstat.End{
			State: judged.State, FireTime: judged.FireTime,
			StartedAt: judged.FireTime, FinishedAt: judged.FireTime.Add(judged.Duration),
		}).Quantile(most)
		return time.Duration(seconds * float64(time.Second))
	}
}
