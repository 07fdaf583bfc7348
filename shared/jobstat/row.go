package jobstat

import "fmt"

// Columns is what to select from job_stats for [Scan]. Instants and ids that are
// not there are read as zero.
const Columns = `job_id, succeeded, failed, cancelled, skipped, missed, expired, lost,
	coalesce(last_run_id, '00000000-0000-0000-0000-000000000000'), coalesce(last_kind, ''),
	coalesce(last_fire_time, '0001-01-01Z'), coalesce(last_state, ''),
	coalesce(last_started_at, '0001-01-01Z'), coalesce(last_finished_at, '0001-01-01Z'),
	coalesce(last_success_id, '00000000-0000-0000-0000-000000000000'),
	coalesce(last_success_fire_time, '0001-01-01Z'), coalesce(last_success_finished_at, '0001-01-01Z'),
	week, failing_weight, failing_sum, duration_weight, duration_sum, lateness_weight, lateness_sum,
	recent_failing_weight, recent_failing_sum, recent_duration_weight, recent_duration_sum,
	durations, latenesses, streak`

// Row is a row of Columns, such as a pgx.Row.
type Row interface{ Scan(dest ...any) error }

// Scan reads the statistics of a job from a row of Columns. Its error is the row's.
func Scan(row Row) (*Stats, error) {
	s := &Stats{}
	var streak []byte
	c, last, success := &s.Counts, &s.Last, &s.LastSuccess
	err := row.Scan(&s.JobID, &c.Succeeded, &c.Failed, &c.Cancelled, &c.Skipped, &c.Missed, &c.Expired, &c.Lost,
		&last.RunID, &last.Kind, &last.FireTime, &last.State, &last.StartedAt, &last.FinishedAt,
		&success.RunID, &success.FireTime, &success.FinishedAt,
		&s.Week, &s.Failing.Weight, &s.Failing.Sum, &s.Duration.Weight, &s.Duration.Sum, &s.Lateness.Weight, &s.Lateness.Sum,
		&s.RecentFailing.Weight, &s.RecentFailing.Sum, &s.RecentDuration.Weight, &s.RecentDuration.Sum,
		&s.Duration.Sketch, &s.Lateness.Sketch, &streak)
	if err != nil {
		return nil, fmt.Errorf("read statistics: %w", err)
	}
	return s, s.Streak.UnmarshalBinary(streak)
}
