package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/backfillstore"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

// mostInFlight bounds the runs that are read one by one.
const mostInFlight = 1000

// streams reads for the store of backfills what NATS knows. Its methods are safe
// for concurrent use.
type streams struct{ js jetstream.JetStream }

// Backfill returns the message of a job's backfill; false if JOBS has none.
func (s streams) Backfill(ctx context.Context, job, id uuid.UUID) (backfillstore.Message, bool, error) {
	message, storedAt, ok, err := last[wire.Backfill](ctx, s.js, topology.JobsStream, topology.Backfill(job, id))
	return backfillstore.Message{Backfill: message, StoredAt: storedAt}, ok, err
}

// Mark returns the mark of a job's partition; false if there is none yet.
func (s streams) Mark(ctx context.Context, job uuid.UUID) (wire.Mark, bool, error) {
	mark, _, ok, err := last[wire.Mark](ctx, s.js, topology.RunsStream, topology.Mark(carillon.PartitionOf(job)))
	return mark, ok, err
}

// InFlight returns the runs of a job that are queued, running or waiting for a
// retry. It fails with [backfillstore.ErrBusy] if they are too many.
func (s streams) InFlight(ctx context.Context, job uuid.UUID) (runs []wire.Run, err error) {
	stream, err := s.js.Stream(ctx, topology.RunsStream)
	if err != nil {
		return nil, err
	}
	for next := uint64(1); len(runs) <= mostInFlight; {
		msg, err := stream.GetMsg(ctx, next, jetstream.WithGetMsgSubject(topology.InFlight(job)))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return runs, nil
		}
		if err != nil {
			return nil, err
		}
		next = msg.Sequence + 1
		run, err := wire.Decode[wire.Run]([]byte(msg.Header.Get(wire.RunHeader)))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", msg.Subject, err)
		}
		runs = append(runs, run)
	}
	return nil, backfillstore.ErrBusy
}

// last returns the last message of a subject, and when it was stored; false if
// there is none.
func last[T wire.Backfill | wire.Mark](ctx context.Context, js jetstream.JetStream, stream, subject string) (message T, storedAt time.Time, ok bool, err error) {
	from, err := js.Stream(ctx, stream)
	if err != nil {
		return message, storedAt, false, err
	}
	msg, err := from.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return message, storedAt, false, nil
	}
	if err != nil {
		return message, storedAt, false, err
	}
	message, err = wire.Decode[T](msg.Data)
	return message, msg.Time, err == nil, err
}
