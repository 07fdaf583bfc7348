package alertstore

import (
	"time"

	"github.com/carillon-cron/carillon/shared/jobstat"
)

const (
	// most is the share of runs that are not slow.
	most = 0.95
	// enough is how many runs it takes to know.
	enough = 20
)

// usual is how long most runs take, by their sketch; 0 if that is not known.
func usual(durations []byte, runs int64) time.Duration {
	if runs < enough {
		return 0
	}
	seconds, _ := jobstat.Sketch(durations).Quantile(most)
	return time.Duration(seconds * float64(time.Second))
}
