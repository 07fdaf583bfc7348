package planner

import (
	"context"
	"log/slog"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// graveTTL is how long the news of a deletion stays in JOBS once it stands there
// alone: for longer than any planner is cut off without loading JOBS anew.
const graveTTL = 7 * 24 * time.Hour

// tidy replaces the revisions of the jobs that were deleted long ago by their
// deletions alone, which then end too.
func (l *loop) tidy(ctx context.Context) {
	for _, grave := range l.agenda.Buried() {
		if err := l.tidyOne(grave); err != nil && ctx.Err() == nil {
			slog.Warn("revisions of a deleted job not tidied up", "job", grave.Last.ID, "error", err)
		}
	}
}

// tidyOne leaves a job alone whose last message is not where it is expected.
func (l *loop) tidyOne(grave agenda.Grave) error {
	msg := &nats.Msg{
		Subject: topology.Job(grave.Last.ID), Data: wire.Encode(grave.Last),
		Header: nats.Header{jetstream.MsgRollup: {jetstream.MsgRollupSubject}},
	}
	_, err := l.courier.publish(msg, jetstream.WithExpectLastSequencePerSubject(grave.Sequence), jetstream.WithMsgTTL(graveTTL))
	return err
}
