package gateway

import (
	"context"
	"errors"

	"github.com/carillon-cron/carillon/services/gateway/internal/backfillstore"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

// publishedBackfill reads the message of a backfill from JOBS.
func publishedBackfill(js jetstream.JetStream) backfillstore.Published {
	return func(ctx context.Context, job, id uuid.UUID) (message wire.Backfill, ok bool, err error) {
		stream, err := js.Stream(ctx, topology.JobsStream)
		if err != nil {
			return message, false, err
		}
		msg, err := stream.GetLastMsgForSubject(ctx, topology.Backfill(job, id))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return message, false, nil
		}
		if err != nil {
			return message, false, err
		}
		message, err = wire.Decode[wire.Backfill](msg.Data)
		return message, err == nil, err
	}
}
