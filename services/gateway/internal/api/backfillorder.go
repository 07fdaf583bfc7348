package api

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/backfill"
	"github.com/carillon-cron/carillon/services/gateway/internal/backfillstore"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/google/uuid"
)

const (
	// backfillSettles is the age from which a fire is of the past. What is under way
	// is told otherwise; this is for clocks that differ, and for fires that nobody
	// has had time to miss.
	backfillSettles = time.Minute
	// longestBackfill bounds the days whose partitions a backfill may make.
	longestBackfill = 366 * 24 * time.Hour
	backfillSample  = 10
)

// backfillOrder is the body of a backfill.
type backfillOrder struct {
	From     time.Time         `json:"from" doc:"The first instant of the range." example:"2026-11-01T00:00:00Z"`
	To       *time.Time        `json:"to,omitempty" doc:"The end of the range, excluded: at most 366 days later, and not in the future. A minute ago by default, and at the latest."`
	Mode     backfill.Mode     `json:"mode,omitempty" enum:"unexplained,gaps,failed,all" default:"gaps" doc:"Which fires: those without any run; those that never ran to an end (no run, missed, expired or lost); also those that failed or were cancelled; or every one."`
	Schedule backfill.Schedule `json:"schedule,omitempty" enum:"original,current" default:"original" doc:"By which schedule: that of the revisions which held then, or the job's present one for the whole range, also where the job was paused or did not exist yet."`
	Rate     int               `json:"rate,omitempty" minimum:"1" maximum:"1000" default:"1" doc:"Most runs started in a second."`
	DryRun   bool              `json:"dry_run,omitempty" doc:"Only say what would be run."`
}

func exampleBackfill() backfillOrder {
	from := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	to := from.AddDate(0, 0, 7)
	return backfillOrder{From: from, To: &to, Mode: backfill.Gaps, Rate: 1, DryRun: true}
}

// complete fills in the defaults and says what is wrong with the range.
func (o *backfillOrder) complete() error {
	o.Mode, o.Schedule, o.Rate = cmp.Or(o.Mode, backfill.Gaps), cmp.Or(o.Schedule, backfill.Original), cmp.Or(o.Rate, 1)
	var faults fault.Faults
	now := time.Now().UTC()
	settled := now.Add(-backfillSettles).Truncate(time.Second)
	switch {
	case o.To == nil || o.To.After(settled) && !o.To.After(now):
		o.To = &settled
	case o.To.After(now):
		faults.Add("to", "must not be in the future; it is %s", now.Format(time.RFC3339))
		return faults.Err() // which says nothing of from
	}
	switch {
	case !o.From.Before(*o.To):
		faults.Add("from", "must be before the end of the range, %s", o.To.UTC().Format(time.RFC3339))
	case o.To.Sub(o.From) > longestBackfill:
		faults.Add("from", "must be at most 366 days before the end of the range, %s", o.To.UTC().Format(time.RFC3339))
	}
	return faults.Err()
}

// span is the range, in the microseconds that Postgres keeps.
func (o *backfillOrder) span() backfill.Range {
	kept := func(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
	return backfill.Range{From: kept(o.From), To: kept(*o.To), Mode: o.Mode, Schedule: o.Schedule}
}

// outsized blames a range that is too large on its end.
func outsized(err error) error {
	if tooMany, ok := errors.AsType[*backfill.TooManyError](err); ok {
		return fault.Faults{{Field: "to", Message: tooMany.Error()}}
	}
	return err
}

// backfillPlan is what a backfill runs, or would run.
type backfillPlan struct {
	ID       *uuid.UUID        `json:"id,omitempty" doc:"Id of the backfill, if one was started."`
	JobID    uuid.UUID         `json:"job_id" format:"uuid"`
	Job      string            `json:"job" example:"nightly-report"`
	From     time.Time         `json:"from"`
	To       time.Time         `json:"to" doc:"The end of the range, excluded."`
	Mode     backfill.Mode     `json:"mode" enum:"unexplained,gaps,failed,all"`
	Schedule backfill.Schedule `json:"schedule" enum:"original,current"`
	Rate     int               `json:"rate"`

	Count    int               `json:"count" doc:"Fires to be run." example:"24"`
	Sample   []time.Time       `json:"sample" doc:"Their fire times, from the first to the last; of more than 10, the first and the last five."`
	Takes    carillon.Duration `json:"takes" doc:"How long that takes at the least, by rate and by the mean duration of the job's latest runs." example:"24s"`
	UnderWay int               `json:"under_way" doc:"Fires that are left out because they are being run."`
	Unknown  int               `json:"unknown" doc:"Fires that are left out because the ledger does not reach back to them; the mode all runs them."`
	Warnings []string          `json:"warnings"`
}

func viewOfPlan(o backfillOrder, job carillon.Job, p backfillstore.Plan, holds []string) backfillPlan {
	span := o.span()
	return backfillPlan{
		JobID: job.ID, Job: job.Name, From: span.From, To: span.To, Mode: o.Mode, Schedule: o.Schedule, Rate: o.Rate,
		Count: len(p.Fires), Sample: append([]time.Time{}, p.Sample(backfillSample)...), Takes: backfillTakes(o.Rate, job, p),
		UnderWay: p.UnderWay, Unknown: p.Unknown, Warnings: backfillWarnings(span, job, p, holds),
	}
}

// backfillTakes reckons with one run after the other, unless they may overlap.
func backfillTakes(rate int, job carillon.Job, p backfillstore.Plan) carillon.Duration {
	each := time.Second / time.Duration(rate)
	if job.Overlap != carillon.OverlapAllow {
		each = max(each, p.RunTakes)
	}
	return carillon.Duration((time.Duration(len(p.Fires)) * each).Round(time.Millisecond))
}

// beside says what a run of a backfill does to the live fires of its job.
var beside = map[carillon.Overlap]string{
	carillon.OverlapSkip:    "a live fire of the job that is due during a run of the backfill waits for its end, in one place, and goes before the next",
	carillon.OverlapQueue:   "a live fire of the job that is due during a run of the backfill waits for its end, and goes before the next",
	carillon.OverlapReplace: "a live fire of the job that is due during a run of the backfill cancels that run: the mode failed runs it again",
	carillon.OverlapAllow:   "runs of the backfill may be beside each other, and beside live fires of the job",
}

func backfillWarnings(span backfill.Range, job carillon.Job, p backfillstore.Plan, holds []string) []string {
	warnings := []string{}
	for _, hold := range holds {
		warnings = append(warnings, hold+": the backfill waits until that is resumed")
	}
	if len(p.Fires) > 0 {
		warnings = append(warnings, beside[job.Overlap])
	}
	if span.Schedule == backfill.Original && span.From.Before(p.Created) {
		warnings = append(warnings, fmt.Sprintf("the job begins on %s: with the schedule current, it is run for times before that too",
			p.Created.UTC().Format(time.RFC3339)))
	}
	if p.UnderWay > 0 {
		warnings = append(warnings, fmt.Sprintf("left out, for they are under way: %d", p.UnderWay))
	}
	if p.Unknown > 0 {
		warnings = append(warnings, fmt.Sprintf("left out, for the ledger begins only on %s and whether they ran is not known: %d; the mode all runs them",
			p.KeptFrom.UTC().Format(time.DateOnly), p.Unknown))
	}
	return warnings
}
