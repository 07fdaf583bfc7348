package alertstore

import (
	"time"

	"github.com/carillon-cron/carillon/shared/jobstat"
)

// most is the share of runs that are not slow.
const most = 0.95

// usual is how long most runs take, by their sketch; 0 if that is not known.
func usual(durations []byte) time.Duration {
	seconds, _ := jobstat.Sketch(durations).Quantile(most)
	return time.Duration(seconds * float64(time.Second))
}
