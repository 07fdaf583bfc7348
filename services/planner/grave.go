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

// tidy replaces the revisions of a job that was deleted long ago by its deletion
// alone, which then ends too. All planners try; one of them finds the job's last
// message where it expects it.
func tidy(ctx context.Context, js jetstream.JetStream, grave agenda.Grave) {
	if ctx.Err() != nil {
		return
	}
	msg := &nats.Msg{
		Subject: topology.Job(grave.Last.ID), Data: wire.Encode(grave.Last),
		Header: nats.Header{jetstream.MsgRollup: {jetstream.MsgRollupSubject}},
	}
	_, err := js.PublishMsgAsync(msg, jetstream.WithExpectLastSequencePerSubject(grave.Sequence), jetstream.WithMsgTTL(graveTTL))
	if err != nil {
		slog.Warn("revisions of a deleted job not tidied up", "job", grave.Last.ID, "error", err)
	}
}
