package jobstat

import (
	"errors"
	"fmt"
	"time"
)

// Columns is what to select from job_stats for [Scan].
const Columns = `job_id, last_kind, last_fire_time, last_state, last_started_at, last_finished_at,
	last_success_finished_at, durations, rest`

// Row is a row of Columns, such as a pgx.Row.
type Row interface{ Scan(dest ...any) error }

// ErrUnreadable says that a row was not written by this version.
var ErrUnreadable = errors.New("unreadable statistics")

// Scan reads the statistics of a job. Its error is the row's, or ErrUnreadable.
func Scan(row Row) (*Stats, error) {
	s := &Stats{}
	var started, finished, success *time.Time
	var rest []byte
	err := row.Scan(&s.JobID, &s.Last.Kind, &s.Last.FireTime, &s.Last.State, &started, &finished,
		&success, (*[]byte)(&s.Duration.Sketch), &rest)
	if err != nil {
		return nil, fmt.Errorf("read statistics: %w", err)
	}
	if err := s.readRest(rest); err != nil || !s.Duration.Sketch.whole() {
		return nil, fmt.Errorf("%w of job %s", ErrUnreadable, s.JobID)
	}
	s.Last.StartedAt, s.Last.FinishedAt, s.LastSuccess.FinishedAt = orZero(started), orZero(finished), orZero(success)
	return s, nil
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
