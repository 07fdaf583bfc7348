package alertstore

import (
	"time"

	"github.com/carillon-cron/carillon/shared/jobstat"
)

const (
	// most is the share of runs that are not slow.
	most = 0.95
	// enough is the weight that it takes to know: ten to twenty runs of this week.
	enough = 20
)

// usual is how long most runs take, by their sketch; 0 if that is not known.
func usual(sketch jobstat.Sketch) time.Duration {
	if sketch.Weight() < enough {
		return 0
	}
	seconds, _ := sketch.Quantile(most)
	return time.Duration(seconds * float64(time.Second))
}
