// Package check decides how it stands with jobs that run elsewhere, of which
// Carillon only hears. It is pure.
//
// Such a job pings when it has succeeded, and may ping when it starts and when it
// has failed. From each ping follows by when the next has to come, its deadline:
//
//	success  ── period, or to the schedule's next fire ──▶ expected ── grace ──▶ deadline
//	start    ── grace ──▶ deadline
//
// A start before the deadline that the last end has called for takes its place; one
// after it changes nothing. Of several starts without an end the first counts, so a
// job that begins again and again and never ends is overdue, however often it begins.
//
// A check whose deadline has passed is overdue, until the next ping. One that was
// told of a failure has failed, until the next success. One that was never pinged is
// new, and expects nothing: its job is not set up yet.
package check

import (
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

// State is what is known of a check. The zero State is that of a new one.
type State struct {
	Status     carillon.CheckStatus // new, up or failed; the rest follows from the time
	PingedAt   time.Time            // zero if never
	EndedAt    time.Time            // the last success or failure; zero for none
	StartedAt  time.Time            // the first start since then; zero for none
	ExpectedAt time.Time            // zero if nothing is expected
	DeadlineAt time.Time            // when it is overdue; zero for never
}

// Ping returns the state after a ping. One that is older than the last changes
// nothing: it was overtaken.
func (s State) Ping(document carillon.CheckDocument, ping wire.Ping) State {
	if ping.At.Before(s.PingedAt) {
		return s
	}
	s.PingedAt = ping.At
	switch ping.Event {
	case wire.PingStart:
		if s.StartedAt.IsZero() {
			s.StartedAt = ping.At
		}
	case wire.PingFail:
		s.Status, s.StartedAt, s.EndedAt = carillon.CheckFailed, time.Time{}, ping.At
	default:
		s.Status, s.StartedAt, s.EndedAt = carillon.CheckUp, time.Time{}, ping.At
	}
	return s.Expect(document)
}

// Expect returns the state with what follows from it under a document, such as one
// that has changed. That of a paused check is forgotten: it begins anew.
func (s State) Expect(document carillon.CheckDocument) State {
	if s.PingedAt.IsZero() || document.Paused {
		return State{Status: carillon.CheckNew}
	}
	s.ExpectedAt, s.DeadlineAt = time.Time{}, time.Time{}
	grace := time.Duration(document.Grace)
	if !s.EndedAt.IsZero() {
		if s.ExpectedAt = next(document, s.EndedAt); !s.ExpectedAt.IsZero() {
			s.DeadlineAt = s.ExpectedAt.Add(grace)
		}
	}
	if !s.StartedAt.IsZero() && (s.DeadlineAt.IsZero() || s.StartedAt.Before(s.DeadlineAt)) {
		s.ExpectedAt, s.DeadlineAt = s.StartedAt, s.StartedAt.Add(grace)
	}
	return s
}

// next is when a ping is expected after another; zero for never.
func next(document carillon.CheckDocument, after time.Time) time.Time {
	if document.Schedule == nil {
		return after.Add(time.Duration(document.Period))
	}
	compiled, err := document.Schedule.Compile(document.Name)
	if err != nil {
		return time.Time{} // unreachable: it was valid when it was stored
	}
	at, _ := compiled.Next(after)
	return at
}

// Overdue reports whether a ping is missing.
func (s State) Overdue(now time.Time) bool {
	return !s.DeadlineAt.IsZero() && !now.Before(s.DeadlineAt)
}
