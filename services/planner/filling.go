package planner

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/plan"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// endTTL is how long the news that a backfill has ended stays in JOBS: for longer
// than a planner is away without loading JOBS anew.
const endTTL = 7 * 24 * time.Hour

// fill makes a batch of fires that backfills ask for, and ends the backfills that
// are over.
func (l *loop) fill(ctx context.Context, now time.Time) *plan.Batch {
	gaps, over := l.backfills.Pick(l.agenda, now, l.positions)
	for _, b := range over {
		if err := l.end(b); err != nil {
			slog.Warn("end of a backfill not published, trying again", "backfill", b.ID, "error", err)
		}
	}
	return plan.Fill(l.agenda, l.positions, l.open(ctx, gaps))
}

// open leaves out the gaps whose jobs have a run in flight that they may not
// overlap: a commit would be refused for each.
func (l *loop) open(ctx context.Context, gaps []plan.Gap) []plan.Gap {
	var jobs []uuid.UUID
	for _, g := range gaps {
		if g.Revision.Overlap != carillon.OverlapAllow {
			jobs = append(jobs, g.Job)
		}
	}
	if len(jobs) == 0 {
		return gaps
	}
	busy, err := l.committer.Busy(ctx, jobs)
	if err != nil {
		slog.Warn("not known which backfills may go on", "jobs", len(jobs), "error", err)
		return nil
	}
	return slices.DeleteFunc(gaps, func(g plan.Gap) bool { return slices.Contains(busy, g.Job) })
}

// end puts the news that a backfill has ended in its place in JOBS. It does not
// wait: without that news coming back, it is published again.
func (l *loop) end(b wire.Backfill) error {
	msg := &nats.Msg{
		Subject: topology.Backfill(b.JobID, b.ID), Data: wire.Encode(wire.Backfill{ID: b.ID, JobID: b.JobID, Ended: true}),
		Header: nats.Header{jetstream.MsgRollup: {jetstream.MsgRollupSubject}},
	}
	_, err := l.courier.publish(msg, jetstream.WithMsgTTL(endTTL))
	return err
}
