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
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"
)

// mostComing bounds the messages that are read one by one.
const mostComing = 1000

// streams reads what NATS knows of jobs, and what the outbox has yet to tell it. Its
// methods are safe for concurrent use.
type streams struct {
	js   jetstream.JetStream
	pool *pgxpool.Pool
}

// Backfill returns the message of a job's backfill; false if JOBS has none.
func (s streams) Backfill(ctx context.Context, job, id uuid.UUID) (backfillstore.Message, bool, error) {
	message, storedAt, ok, err := last[wire.Backfill](ctx, s.js, topology.JobsStream, topology.Backfill(job, id))
	return backfillstore.Message{Backfill: message, StoredAt: storedAt}, ok, err
}

// Underway returns what NATS knows of the fires of a job that may not be in the ledger:
// the mark, beyond which all have yet to be decided, and those that it holds or that
// have left it. It looks in the order in which fires move, so what has moved on since
// is seen further on; the ledger is read after it. It fails with
// [backfillstore.ErrBusy] if they are too many.
func (s streams) Underway(ctx context.Context, job uuid.UUID, namespace string) (mark wire.Mark, fires []time.Time, err error) {
	if mark, err = s.mark(ctx, job, namespace); err != nil {
		return mark, nil, err
	}
	if fires, err = s.coming(ctx, job); err != nil {
		return mark, nil, err
	}
	for _, held := range mark.Held[job] {
		fires = append(fires, held.At)
	}
	return mark, fires, nil
}

// coming returns the fires that have left the mark. A fire moves from RUNS to
// OUTCOMES, unless it was decided against, and leaves either after it has come to the
// next.
func (s streams) coming(ctx context.Context, job uuid.UUID) (fires []time.Time, err error) {
	for _, stage := range []struct {
		stream, subject string
		read            func(*jetstream.RawStreamMsg) (carillon.Kind, time.Time, error)
	}{
		{topology.RunsStream, topology.Skip(job), ofOutcome},
		{topology.RunsStream, topology.InFlight(job), ofRun},
		{topology.OutcomesStream, topology.Outcomes(job), ofOutcome},
	} {
		err := s.each(ctx, stage.stream, stage.subject, 1, func(msg *jetstream.RawStreamMsg) error {
			kind, at, err := stage.read(msg)
			switch {
			case err != nil:
				return fmt.Errorf("read %s: %w", msg.Subject, err)
			case kind == carillon.KindManual:
			case len(fires) == mostComing:
				return backfillstore.ErrBusy
			default:
				fires = append(fires, at)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return fires, nil
}

func ofRun(msg *jetstream.RawStreamMsg) (carillon.Kind, time.Time, error) {
	run, err := wire.Decode[wire.Run]([]byte(msg.Header.Get(wire.RunHeader)))
	return run.Kind, run.FireTime, err
}

func ofOutcome(msg *jetstream.RawStreamMsg) (carillon.Kind, time.Time, error) {
	outcome, err := wire.Decode[wire.Outcome](msg.Data)
	return outcome.Kind, outcome.FireTime, err
}

// each takes the messages of a subject one by one, from a sequence on, in the order
// of the stream.
func (s streams) each(ctx context.Context, stream, subject string, next uint64, take func(*jetstream.RawStreamMsg) error) error {
	from, err := s.js.Stream(ctx, stream)
	if err != nil {
		return err
	}
	for {
		msg, err := from.GetMsg(ctx, next, jetstream.WithGetMsgSubject(subject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := take(msg); err != nil {
			return err
		}
		next = msg.Sequence + 1
	}
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
