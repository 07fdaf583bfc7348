package execution

import (
	"fmt"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/gate"
	"github.com/carillon-cron/carillon/services/runner/internal/tracing"
	"github.com/carillon-cron/carillon/services/runner/internal/verdict"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// started is the news of a call that lasts.
func started(d *delivery) wire.Outcome {
	outcome := wire.NewOutcome(d.run, *d.call.Call, carillon.StateRunning)
	outcome.StartedAt, outcome.Attempts = d.run.StartedAt, d.run.Attempt
	return outcome
}

// attempted is the news of a failed attempt that another one follows.
func attempted(d *delivery, attempt wire.Attempt, judged verdict.Verdict) wire.Outcome {
	outcome := started(d)
	outcome.State, outcome.Reason, outcome.Attempt = judged.State, judged.Reason, &attempt
	return outcome
}

// finished is the end of a run by its last attempt.
func finished(d *delivery, attempt wire.Attempt, judged verdict.Verdict) wire.Outcome {
	outcome := attempted(d, attempt, judged)
	outcome.FinishedAt = attempt.FinishedAt
	return outcome
}

// lost is the end of a run that no runner brought to one.
func lost(d *delivery, now time.Time) wire.Outcome {
	reason := fmt.Sprintf("given up on delivery %d: no runner came back from attempt %d", d.times, d.run.Attempt)
	interrupted := wire.Attempt{
		Number: d.run.Attempt, StartedAt: now, FinishedAt: now, Class: wire.ClassInterrupted, Error: reason,
	}
	return finished(d, interrupted, verdict.Verdict{State: carillon.StateLost, Reason: reason})
}

// cancelled is the end of a run that somebody stopped: in the attempt, or, where
// there is none, before the next one.
func cancelled(d *delivery, attempt *wire.Attempt, reason string, now time.Time) wire.Outcome {
	outcome := started(d)
	outcome.State, outcome.Reason, outcome.Attempt, outcome.FinishedAt = carillon.StateCancelled, reason, attempt, now
	if attempt == nil {
		outcome.Attempts--
	}
	return outcome
}

// waiting is the news of a run that is held before its first call.
func waiting(d *delivery, reason string) wire.Outcome {
	outcome := wire.NewOutcome(d.run, *d.call.Call, carillon.StateQueued)
	outcome.Reason = reason
	return outcome
}

// expired is the end of a run that nobody called in time.
func expired(d *delivery, now time.Time) wire.Outcome {
	outcome := wire.NewOutcome(d.run, *d.call.Call, carillon.StateExpired)
	outcome.FinishedAt = now
	outcome.Reason = fmt.Sprintf("waited %s for its first call; its deadline is %s",
		now.Sub(d.run.PlannedAt).Round(time.Millisecond), d.call.Deadline)
	return outcome
}

// outcome is the message of an outcome.
func (d *delivery) outcome(outcome wire.Outcome) *nats.Msg {
	msg := &nats.Msg{
		Subject: topology.Outcome(d.call.Namespace, d.call.JobID, eventOf(outcome.State)),
		Data:    wire.Encode(outcome),
	}
	if d.trace != "" {
		msg.Header = nats.Header{tracing.Header: {d.trace}}
	}
	return msg
}

func eventOf(state carillon.State) topology.Event {
	switch state {
	case carillon.StateQueued:
		return topology.EventQueued
	case carillon.StateRunning:
		return topology.EventStarted
	case carillon.StateRetrying:
		return topology.EventAttempted
	}
	return topology.EventFinished
}

// retry is the message that becomes ready for the next attempt at an instant.
func (d *delivery) retry(at time.Time) *nats.Msg {
	return d.parked(d.run.Next(), topology.Ready(d.call.JobID, d.call.Queue), at)
}

// held is the message that becomes ready for the same attempt at an instant.
func (d *delivery) held(now, at time.Time) *nats.Msg {
	run := d.run
	run.Holds++
	run.Redelivered = d.times - 1 // the count of the new message begins anew
	if run.HeldSince == nil {
		run.HeldSince = &now
	}
	return d.parked(run, topology.Ready(d.call.JobID, d.call.Queue), at)
}

// heldUntil is when the hold of a run ends: where it may expire, as soon as it has.
func (d *delivery) heldUntil(now time.Time, held *gate.Hold) time.Time {
	until := now.Add(held.For)
	if after, ok := d.expires(); ok && until.After(after) {
		until = after.Add(time.Millisecond)
	}
	if soonest := now.Add(parkFloor); until.Before(soonest) {
		return soonest
	}
	return until
}

// parked is the message that turns into one on the subject target at an instant, in
// the place of this one.
func (d *delivery) parked(run wire.Run, target string, at time.Time) *nats.Msg {
	header := nats.Header{
		wire.RunHeader:                 {string(wire.Encode(run))},
		jetstream.ScheduleHeader:       {"@at " + at.UTC().Format(time.RFC3339Nano)},
		jetstream.ScheduleTargetHeader: {target},
	}
	if d.trace != "" {
		header[tracing.Header] = []string{d.trace}
	}
	return &nats.Msg{Subject: topology.Retry(d.call.JobID, d.call.Queue, d.run.ID), Header: header, Data: d.msg.Data}
}

// awaiting is the news that the target has taken a run on. Its attempt has not
// ended, and is told of when it has.
func awaiting(d *delivery, due time.Time) wire.Outcome {
	outcome := started(d)
	outcome.Reason = "waits for its callback until " + due.UTC().Format(time.RFC3339)
	return outcome
}

// answered is the attempt that was waited for, as its report says.
func (d *delivery) answered(report wire.Report) wire.Attempt {
	attempt := d.waited()
	attempt.FinishedAt = time.Now().UTC()
	switch {
	case report.Class != "":
		attempt.Class, attempt.Error = report.Class, report.Message
	case report.State == carillon.StateFailed:
		attempt.Class, attempt.Error = wire.ClassStatus, "the target called back: failed"
		if report.Message != "" {
			attempt.Error += ": " + report.Message
		}
	case report.Message != "":
		attempt.Response = report.Message
	}
	return attempt
}

// cut is the attempt that was waited for, cut off; nil if none was.
func (d *delivery) cut(reason string) *wire.Attempt {
	if d.run.Wait == nil {
		return nil
	}
	attempt := d.waited()
	attempt.FinishedAt, attempt.Class, attempt.Error = time.Now().UTC(), wire.ClassInterrupted, reason
	return &attempt
}

// waited is the attempt that the target took on. Its runner may have died before
// it wrote down when that was; the run's own start is known then.
func (d *delivery) waited() wire.Attempt {
	attempt := wire.Attempt{Number: d.run.Attempt, StartedAt: d.run.StartedAt, Status: http.StatusAccepted}
	if d.run.Wait != nil {
		attempt.StartedAt, attempt.Response = d.run.Wait.StartedAt, d.run.Wait.Response
	}
	return attempt
}
