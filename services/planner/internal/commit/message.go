package commit

import (
	"context"
	"iter"
	"strconv"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/plan"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/telemetry"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// messages yields a batch's decisions in order, then its marks in the order of
// partitions. Each is encoded when its turn comes, while the server takes in those
// before it.
func messages(batch *plan.Batch, marks map[int]Mark, partitions []int) iter.Seq[*nats.Msg] {
	return func(yield func(*nats.Msg) bool) {
		now := time.Now().UTC()
		for i := range batch.Decisions {
			if !yield(decision(&batch.Decisions[i], now)) {
				return
			}
		}
		for _, p := range partitions {
			if !yield(moveMark(p, batch.Marks[p], marks[p].Sequence)) {
				return
			}
		}
	}
}

func decision(d *plan.Decision, now time.Time) *nats.Msg {
	run := wire.Run{
		ID: d.RunID(), Kind: d.Kind(), FireTime: d.At, PlannedAt: now, Attempt: 1,
	}
	if d.Runs() {
		return ready(d, run)
	}
	return skip(d, run)
}

// ready is the message that hands a run to the runners.
func ready(d *plan.Decision, run wire.Run) *nats.Msg {
	header := nats.Header{wire.RunHeader: {string(wire.Encode(run))}}
	if d.Exclusive() {
		header[jetstream.ExpectedLastSubjSeqHeader] = []string{"0"}
		header[jetstream.ExpectedLastSubjSeqSubjHeader] = []string{topology.InFlight(d.Job)}
	}
	startTrace(d, run, header)
	return &nats.Msg{Subject: topology.Ready(d.Job, d.Queue()), Header: header, Data: d.Call(d.Queue())}
}

// skip is the message that tells the ledger of a fire decided against. Its
// body is the outcome as it will be recorded.
func skip(d *plan.Decision, run wire.Run) *nats.Msg {
	outcome := wire.Outcome{
		RunID: run.ID, JobID: d.Job, Job: d.Revision.Name, Namespace: d.Revision.Namespace,
		Revision: d.Revision.Number, Queue: d.Revision.Queue, Kind: run.Kind,
		FireTime: run.FireTime, PlannedAt: run.PlannedAt, FinishedAt: run.PlannedAt,
		State: d.State, Reason: d.Reason,
	}
	return &nats.Msg{Subject: topology.Skip(d.Job), Header: nats.Header{}, Data: wire.Encode(outcome)}
}

// moveMark is the message that moves a partition's mark, if it still stands at the
// expected sequence.
func moveMark(partition int, mark wire.Mark, expected uint64) *nats.Msg {
	return &nats.Msg{
		Subject: topology.Mark(partition),
		Header: nats.Header{
			jetstream.MsgRollup:                 {jetstream.MsgRollupSubject},
			jetstream.ExpectedLastSubjSeqHeader: {strconv.FormatUint(expected, 10)},
		},
		Data: wire.Encode(mark),
	}
}

// startTrace begins the run's trace with the span "planned", from when it could be
// planned to now, and hands its context on in the message's header.
func startTrace(d *plan.Decision, run wire.Run, header nats.Header) {
	ctx := telemetry.WithRun(context.Background(), run.ID)
	due := run.FireTime
	if run.Kind == carillon.KindBackfill {
		due = run.PlannedAt
	}
	ctx, span := otel.Tracer("planner").Start(ctx, "planned", trace.WithTimestamp(due))
	defer span.End()
	if span.SpanContext().IsSampled() {
		telemetry.DescribeRun(span, d.Revision.Namespace, d.Revision.Name)
		propagation.TraceContext{}.Inject(ctx, bus.Headers(header))
	}
}
