package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/ledger"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/jobstat"
	"github.com/google/uuid"
)

func (a *API) routeJobStats() {
	op := operation(http.MethodGet, "/jobs/{id}/stats", "get-job-stats", jobsTag, "Read the statistics of a job's runs", http.StatusNotFound)
	op.Description = "Of the schedule's runs and those by hand, as soon as they have ended; backfills are left out. " +
		"A run of a week ago has half the weight of one of now, under `recent` one of an hour ago. Quantiles are within five percent. " +
		"Statistics of a deleted job are kept for 30 days after its last run."
	register(a, keyring.Viewer, op, a.jobStats)
}

// statistics is the body that tells of a job's runs.
type statistics struct {
	JobID         uuid.UUID    `json:"job_id" format:"uuid"`
	Counts        countsByEnd  `json:"counts" doc:"Runs by the state in which they ended, since statistics are kept."`
	SuccessStreak int          `json:"success_streak" doc:"Successes since the last failure. Runs that were not called, or were stopped, are neither."`
	FailureStreak int          `json:"failure_streak" doc:"Failed or lost runs since the last success."`
	LastRun       *lastRun     `json:"last_run,omitempty" doc:"Of the runs that have ended, the one with the newest fire time."`
	LastSuccess   *lastSuccess `json:"last_success,omitempty"`
	FailureShare  *float64     `json:"failure_share,omitempty" doc:"Of the runs that succeeded, failed or were lost." minimum:"0" maximum:"1"`
	Duration      *spread      `json:"duration,omitempty" doc:"Of successes, from the start of the first attempt to the end."`
	Lateness      *spread      `json:"lateness,omitempty" doc:"From the fire time to the start of the first attempt; runs by hand are left out."`
	Recent        recentStats  `json:"recent" doc:"How it is going."`
}

type countsByEnd struct {
	Succeeded int64 `json:"succeeded"`
	Failed    int64 `json:"failed"`
	Cancelled int64 `json:"cancelled"`
	Skipped   int64 `json:"skipped"`
	Missed    int64 `json:"missed"`
	Expired   int64 `json:"expired"`
	Lost      int64 `json:"lost"`
}

type lastRun struct {
	ID         uuid.UUID      `json:"id" format:"uuid"`
	Kind       carillon.Kind  `json:"kind" enum:"schedule,manual"`
	FireTime   time.Time      `json:"fire_time"`
	State      carillon.State `json:"state" enum:"succeeded,failed,cancelled,skipped,missed,expired,lost"`
	StartedAt  time.Time      `json:"started_at,omitzero" doc:"Missing if it was not called."`
	FinishedAt time.Time      `json:"finished_at,omitzero"`
}

type lastSuccess struct {
	ID         uuid.UUID `json:"id" format:"uuid"`
	FireTime   time.Time `json:"fire_time"`
	FinishedAt time.Time `json:"finished_at,omitzero"`
}

type spread struct {
	Mean carillon.Duration `json:"mean"`
	P50  carillon.Duration `json:"p50"`
	P90  carillon.Duration `json:"p90"`
	P99  carillon.Duration `json:"p99"`
}

type recentStats struct {
	FailureShare *float64           `json:"failure_share,omitempty" minimum:"0" maximum:"1"`
	Duration     *carillon.Duration `json:"duration,omitempty" doc:"The mean."`
}

// jobStats asks for the job only if it has no statistics, so that those of a
// deleted one can be read.
func (a *API) jobStats(ctx context.Context, in *JobPath) (*answer[statistics], error) {
	stats, err := a.Runs.Stats(ctx, in.ID)
	if errors.Is(err, ledger.ErrNotFound) {
		_, err = a.Jobs.Get(ctx, in.ID)
		stats = &jobstat.Stats{JobID: in.ID}
	}
	if err != nil {
		return nil, err
	}
	return &answer[statistics]{newStatistics(stats)}, nil
}

func newStatistics(s *jobstat.Stats) statistics {
	body := statistics{
		JobID: s.JobID, Counts: countsByEnd(s.Counts), SuccessStreak: s.Streak.Successes(), FailureStreak: s.Streak.Failures(),
		FailureShare: share(s.Failing), Duration: newSpread(s.Duration), Lateness: newSpread(s.Lateness),
		Recent: recentStats{FailureShare: share(s.RecentFailing)},
	}
	if l := s.Last; l.RunID != uuid.Nil {
		body.LastRun = &lastRun{l.RunID, l.Kind, l.FireTime, l.State, l.StartedAt, l.FinishedAt}
	}
	if l := s.LastSuccess; l.RunID != uuid.Nil {
		body.LastSuccess = &lastSuccess{l.RunID, l.FireTime, l.FinishedAt}
	}
	if mean, known := s.RecentDuration.Mean(); known {
		body.Recent.Duration = new(seconds(mean))
	}
	return body
}

func share(a jobstat.Average) *float64 {
	mean, known := a.Mean()
	if !known {
		return nil
	}
	return &mean
}

func newSpread(d jobstat.Distribution) *spread {
	mean, known := d.Mean()
	if !known {
		return nil
	}
	quantile := func(q float64) carillon.Duration {
		value, _ := d.Sketch.Quantile(q)
		return seconds(value)
	}
	return &spread{Mean: seconds(mean), P50: quantile(0.5), P90: quantile(0.9), P99: quantile(0.99)}
}

// seconds is a duration to the microsecond.
func seconds(s float64) carillon.Duration {
	return carillon.Duration(time.Duration(s * float64(time.Second)).Round(time.Microsecond))
}
