package ledger

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/jobstat"
)

const (
	// jobsWithStats is how many jobs have statistics, which are alike.
	jobsWithStats = 100_000
	// timesStats is how often those of a job are asked for.
	timesStats = 1_000
)

// fillStats gives jobs their statistics, if they have none yet.
func (b *bench) fillStats(ctx context.Context) error {
	s := usualStats()
	_, err := b.database.Exec(ctx, `
		INSERT INTO job_stats (job_id, failure_streak, last_fire_time, last_state, data)
		SELECT md5('job ' || n)::uuid, 0, $2, $3, $4 FROM generate_series(0, $1 - 1) AS n
		ON CONFLICT DO NOTHING`, jobsWithStats, s.Last.FireTime, s.Last.State, s.Data())
	return err
}

// usualStats are those of a job that has run a thousand times.
func usualStats() *jobstat.Stats {
	s := &jobstat.Stats{}
	for n := range 1_000 {
		fire := time.Now().Add(time.Duration(n-1_000) * time.Minute)
		s.Count(jobstat.End{
			Kind: carillon.KindSchedule, FireTime: fire, State: carillon.StateSucceeded,
			StartedAt: fire.Add(5 * time.Millisecond), FinishedAt: fire.Add(time.Duration(rand.ExpFloat64() * float64(time.Second))),
		})
	}
	return s
}

// askStats asks for the statistics of jobs.
func (b *bench) askStats(ctx context.Context, api *client.Client) error {
	b.say("ledger: statistics of a job")
	for range timesStats {
		began := time.Now()
		var stats struct{}
		if err := api.Do(ctx, "GET", "/jobs/"+job(rand.IntN(jobsWithStats))+"/stats", nil, &stats); err != nil {
			return fmt.Errorf("statistics: %w", err)
		}
		b.report.stats = append(b.report.stats, time.Since(began))
	}
	return nil
}
