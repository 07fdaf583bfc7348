package jobstat

import (
	"bytes"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// End is how a run ended. Its instants are whole microseconds; StartedAt is zero
// if it was never called. The zero End is no end.
type End struct {
	RunID      uuid.UUID
	Kind       carillon.Kind
	FireTime   time.Time
	State      carillon.State
	StartedAt  time.Time
	FinishedAt time.Time
}

// counts reports whether statistics are about runs like this one.
func (e End) counts() bool { return e.State.Final() && e.Kind != carillon.KindBackfill }

// succeeded and failed are what a call may come to; neither is neutral.
func (e End) succeeded() bool { return e.State == carillon.StateSucceeded }
func (e End) failed() bool {
	return e.State == carillon.StateFailed || e.State == carillon.StateLost
}

// called reports whether the run came to a call: whatever it is told as later, it has.
func (e End) called() bool {
	return !e.StartedAt.IsZero() && (e.succeeded() || e.failed() || e.State == carillon.StateCancelled)
}

// before orders ends by fire time, those of one instant by id.
func (e End) before(other End) bool {
	if !e.FireTime.Equal(other.FireTime) {
		return e.FireTime.Before(other.FireTime)
	}
	return bytes.Compare(e.RunID[:], other.RunID[:]) < 0
}

// sample is a number that a run adds to a distribution, if it does.
type sample struct {
	value float64
	there bool
}

// duration is in seconds.
func (e End) duration() sample {
	return sample{e.FinishedAt.Sub(e.StartedAt).Seconds(), e.succeeded() && !e.StartedAt.IsZero() && !e.FinishedAt.IsZero()}
}

// lateness is in seconds.
func (e End) lateness() sample {
	return sample{e.StartedAt.Sub(e.FireTime).Seconds(), e.Kind == carillon.KindSchedule && !e.StartedAt.IsZero()}
}

// failing is 1 for a failure and 0 for a success, so that its mean is the share
// of failures.
func (e End) failing() sample {
	if e.failed() {
		return sample{1, true}
	}
	return sample{0, e.succeeded()}
}
