// Package trigger starts runs by hand.
//
// A triggered run goes straight into RUNS, as one that a planner planned would,
// and from there on is treated like any other. Overlap is checked by the stream
// as for planned runs: for every policy but allow, the message is refused if any
// run of the job is in flight.
//
// Then the ledger is told that the run is queued. That second message may be
// lost without harm: whatever the run becomes says the same and more. It may also
// come after the end of a very quick run; nobody moves a run backwards.
package trigger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/telemetry"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
)

// The refusals.
var (
	// ErrInFlight says that the job's overlap policy forbids the run now.
	ErrInFlight = errors.New("a run of this job is in flight")
	// ErrUnavailable says that NATS did not answer. A run may still happen.
	ErrUnavailable = errors.New("NATS is not available")
)

// Trigger starts runs. It is safe for concurrent use.
type Trigger struct{ js jetstream.JetStream }

// New returns a trigger that publishes to the given JetStream.
func New(js jetstream.JetStream) *Trigger { return &Trigger{js: js} }

// Start starts a run of a job now and returns it as queued. It fails with
// ErrInFlight or ErrUnavailable.
func (t *Trigger) Start(ctx context.Context, job carillon.Job) (wire.Outcome, error) {
	return t.start(ctx, job, NewRun(job), "triggered by hand")
}

// Connected fails with ErrUnavailable if a run could not be started now.
func (t *Trigger) Connected() error {
	if !t.js.Conn().IsConnected() {
		return ErrUnavailable
	}
	return nil
}

// Redrive starts a new run of a job that does an ended one again, and names that to
// its target. It fails with ErrInFlight or ErrUnavailable.
func (t *Trigger) Redrive(ctx context.Context, job carillon.Job, run wire.Run, ended uuid.UUID) (wire.Outcome, error) {
	run.RedriveOf = &ended
	return t.start(ctx, job, run, "redrive of run "+ended.String())
}

// Carry starts a run of a job that carries a message: as the body of its calls,
// which is JSON, in place of the job's own. It fails with ErrInFlight or
// ErrUnavailable.
func (t *Trigger) Carry(ctx context.Context, job carillon.Job, message, reason string) error {
	// In JSON, two braces stand side by side in strings only; there they would begin
	// a placeholder.
	job.Target.Body = strings.ReplaceAll(message, "{{", `{\u007b`)
	headers := map[string]string{"Content-Type": "application/json"}
	for name, value := range job.Target.Headers {
		if !strings.EqualFold(name, "Content-Type") {
			headers[name] = value
		}
	}
	job.Target.Headers = headers
	_, err := t.start(ctx, job, NewRun(job), reason)
	return err
}

// NewRun returns a run of a job by hand, due now, that nobody has started.
func NewRun(job carillon.Job) wire.Run {
	now := time.Now().UTC().Truncate(time.Microsecond) // what Postgres keeps
	return wire.Run{
		ID: carillon.NewRunID(job.ID, carillon.KindManual, now), Kind: carillon.KindManual,
		FireTime: now, PlannedAt: now, Attempt: 1,
	}
}

// start publishes a run.
func (t *Trigger) start(ctx context.Context, job carillon.Job, run wire.Run, reason string) (wire.Outcome, error) {
	ctx, span := otel.Tracer("gateway").Start(telemetry.WithRun(ctx, run.ID), "trigger",
		trace.WithNewRoot(), trace.WithLinks(trace.LinkFromContext(ctx)))
	defer span.End()

	definition := wire.Definition{Job: job}
	call := definition.Call()
	if err := t.publishReady(ctx, job, run, call); err != nil {
		return wire.Outcome{}, err
	}
	queued := wire.NewOutcome(run, call, carillon.StateQueued)
	queued.Reason = reason
	t.publishQueued(ctx, queued)
	return queued, nil
}

func (t *Trigger) publishReady(ctx context.Context, job carillon.Job, run wire.Run, call wire.Call) error {
	msg := message(ctx, topology.Ready(job.ID, job.Queue), wire.Encode(call))
	msg.Header.Set(wire.RunHeader, string(wire.Encode(run)))
	var options []jetstream.PublishOpt
	if job.Overlap != carillon.OverlapAllow {
		options = append(options, jetstream.WithExpectLastSequenceForSubject(0, topology.InFlight(job.ID)))
	}
	_, err := t.js.PublishMsg(ctx, msg, options...)
	switch {
	case err == nil:
		return nil
	case bus.Refused(err):
		return ErrInFlight
	default:
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
}

func (t *Trigger) publishQueued(ctx context.Context, queued wire.Outcome) {
	subject := topology.Outcome(queued.Namespace, queued.JobID, topology.EventQueued)
	if _, err := t.js.PublishMsg(ctx, message(ctx, subject, wire.Encode(queued))); err != nil {
		slog.Warn("triggered run not announced", "run_id", queued.RunID, "error", err)
	}
}

// message returns a message that carries the context's trace.
func message(ctx context.Context, subject string, body []byte) *nats.Msg {
	msg := &nats.Msg{Subject: subject, Data: body, Header: nats.Header{}}
	otel.GetTextMapPropagator().Inject(ctx, bus.Headers(msg.Header))
	return msg
}
