package commit

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var retries = promauto.NewCounter(prometheus.CounterOpts{
	Name: "carillon_planner_commit_retries_total",
	Help: "Commits that were not stored and were tried again.",
})
