package jobstat

import (
	"math"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// Stats is what is known of a job's runs. It is not safe for concurrent use.
type Stats struct {
	JobID  uuid.UUID
	Counts Counts
	// Last is the end with the newest fire time; LastSuccess that of the successes,
	// of which only id, fire time and end are kept. They are zero until there is one.
	Last, LastSuccess End
	// Called is the newest end of a run that was called. Fired is that of the
	// schedule's, of which only fire time, start and end are kept. What was skipped
	// meanwhile says nothing of how they did.
	Called, Fired End
	Streak        Streak
	// Failing is 1 for a failure and 0 for a success: its mean is the share of
	// failures. Durations and latenesses are in seconds.
	Failing            Average
	Duration, Lateness Distribution
	// RecentFailing and RecentDuration have the half-life of an hour, all else
	// that of a week.
	RecentFailing, RecentDuration Average

	// Week is the one, since 1970, from whose start weights count.
	Week int
}

// Counts is how many runs have ended in each state.
type Counts struct {
	Succeeded, Failed, Cancelled, Skipped, Missed, Expired, Lost int64
}

// of returns the count of a state; nil if it is none of an end.
func (c *Counts) of(state carillon.State) *int64 {
	switch state {
	case carillon.StateSucceeded:
		return &c.Succeeded
	case carillon.StateFailed:
		return &c.Failed
	case carillon.StateCancelled:
		return &c.Cancelled
	case carillon.StateSkipped:
		return &c.Skipped
	case carillon.StateMissed:
		return &c.Missed
	case carillon.StateExpired:
		return &c.Expired
	case carillon.StateLost:
		return &c.Lost
	}
	return nil
}

// Count adds a run that has ended.
func (s *Stats) Count(end End) { s.Replace(End{}, end) }

// Replace takes out the end that a run was counted with, and counts it with
// another. An end never becomes one that says less: see the recorder's ledger. One
// that ended before there were statistics may come without having been counted;
// nothing falls below 0 for it.
func (s *Stats) Replace(was, is End) {
	if !is.counts() {
		return
	}
	s.advance(weekOf(is.FireTime))
	if count := s.Counts.of(was.State); count != nil && *count > 0 {
		*count--
	} else {
		was = End{}
	}
	*s.Counts.of(is.State)++
	s.Streak.replace(was, is)
	if !is.before(s.Last) {
		s.Last = is
	}
	if is.succeeded() && !is.before(s.LastSuccess) {
		s.LastSuccess = End{RunID: is.RunID, FireTime: is.FireTime, FinishedAt: is.FinishedAt}
	}
	if is.called() {
		s.noteCall(is)
	}
	s.weigh(was, is)
}

func (s *Stats) noteCall(is End) {
	if !is.before(s.Called) {
		s.Called = is
	}
	if is.Kind == carillon.KindSchedule && !is.before(s.Fired) {
		s.Fired = End{FireTime: is.FireTime, StartedAt: is.StartedAt, FinishedAt: is.FinishedAt}
	}
}

// DurationsWithout returns how long runs take, but for one that was counted: what is
// usual, to judge that one by. A daily job's newest run is a tenth of all.
func (s *Stats) DurationsWithout(end End) Sketch {
	durations := slices.Clone(s.Duration.Sketch)
	if own := end.duration(); own.there {
		return durations.add(own.value, -s.weight(end, week))
	}
	return durations
}

// weight is that of an end, where weights have such a half-life.
func (s *Stats) weight(end End, halfLife time.Duration) float64 {
	return math.Exp2(float64(end.FireTime.Sub(startOf(s.Week))) / float64(halfLife))
}

func (s *Stats) weigh(was, is End) {
	weekly, hourly := s.weight(is, week), s.weight(is, time.Hour)
	s.Failing.replace(was.failing(), is.failing(), weekly)
	s.Duration.replace(was.duration(), is.duration(), weekly)
	s.Lateness.replace(was.lateness(), is.lateness(), weekly)
	s.RecentFailing.replace(was.failing(), is.failing(), hourly)
	s.RecentDuration.replace(was.duration(), is.duration(), hourly)
	s.Failing.Sum, s.RecentFailing.Sum = max(s.Failing.Sum, 0), max(s.RecentFailing.Sum, 0)
}

const (
	week         = 7 * 24 * time.Hour
	hoursPerWeek = int(week / time.Hour)
)

func weekOf(t time.Time) int       { return int(math.Floor(float64(t.Unix()) / week.Seconds())) }
func startOf(number int) time.Time { return time.Unix(int64(number)*int64(week.Seconds()), 0) }

// advance lets weights count from a later week.
func (s *Stats) advance(to int) {
	weeks := to - s.Week
	if weeks <= 0 {
		return
	}
	s.Week = to
	s.Failing.scale(-weeks)
	s.Duration.scale(-weeks)
	s.Lateness.scale(-weeks)
	s.RecentFailing.scale(-weeks * hoursPerWeek)
	s.RecentDuration.scale(-weeks * hoursPerWeek)
}
