package carillon

import (
	"slices"

	"github.com/carillon-cron/carillon/shared/fault"
)

// Queue is a named lane for runs, with limits on how many of them are in flight
// at once, and how many calls begin in a span of time, over all runners.
type Queue struct {
	Name        string `json:"name" doc:"Name that jobs refer to." maxLength:"63" example:"reports"`
	Concurrency int    `json:"concurrency" doc:"Most calls at once, over all runners." minimum:"1" maximum:"10000" example:"50"`
	Weight      int    `json:"weight" doc:"Share of each runner's slots, relative to the other queues." minimum:"1" maximum:"1000" example:"3"`
	Paused      bool   `json:"paused" doc:"A paused queue starts no calls; its runs wait."`
	Rate        *Rate  `json:"rate,omitempty" doc:"How many calls begin in a span of time, over all runners; no limit by default."`
	Hosts       []Host `json:"hosts,omitempty" doc:"Hosts whose calls belong here: jobs of the queue default that call one of them run in this queue." maxItems:"100" example:"[\"api.example.com\",\"*.example.org\"]"`
}

// DefaultQueue is the lane of jobs that name no queue.
const DefaultQueue = "default"

// BackfillQueue is the lane of runs that fill gaps.
const BackfillQueue = "low"

// BuiltinQueues are the queues of every deployment. The database's first
// migration creates the same rows; a test holds the two together.
func BuiltinQueues() []Queue {
	return []Queue{
		{Name: "critical", Concurrency: 100, Weight: 6},
		{Name: DefaultQueue, Concurrency: 50, Weight: 3},
		{Name: BackfillQueue, Concurrency: 20, Weight: 1},
	}
}

// Validate returns a fault.Faults that names every faulty field, or nil.
func (q Queue) Validate() error {
	var faults fault.Faults
	checkSlug(&faults, "name", q.Name)
	if q.Concurrency < 1 || q.Concurrency > 10_000 {
		faults.Add("concurrency", "must be from 1 to 10000, not %d", q.Concurrency)
	}
	if q.Weight < 1 || q.Weight > 1000 {
		faults.Add("weight", "must be from 1 to 1000, not %d", q.Weight)
	}
	if q.Rate != nil {
		faults.Nest("rate", q.Rate.validate())
	}
	faults.Nest("hosts", validateHosts(q.Name, q.Hosts))
	return faults.Err()
}

// Equal reports whether two queues are defined alike.
func (q Queue) Equal(other Queue) bool {
	sameRate := q.Rate == other.Rate || q.Rate != nil && other.Rate != nil && *q.Rate == *other.Rate
	return q.Name == other.Name && q.Concurrency == other.Concurrency && q.Weight == other.Weight &&
		q.Paused == other.Paused && sameRate && slices.Equal(q.Hosts, other.Hosts)
}
