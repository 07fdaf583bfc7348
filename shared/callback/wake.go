package callback

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Wake ends a run's wait for the callback of an attempt. It returns nil if there
// is no such wait: the run is still in its call, or the wait has ended.
func (b *Book) Wake(ctx context.Context, job, run uuid.UUID, attempt int) error {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	parked, err := bus.Last(ctx, b.js.Conn(), topology.RunsStream, topology.ParkedRun(job, run))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for a parked run: %w", err)
	}
	waiting, err := wire.Decode[wire.Run]([]byte(parked.Header.Get(wire.RunHeader)))
	if err != nil || waiting.Wait == nil || waiting.Attempt != attempt {
		return err
	}
	_, err = b.js.PublishMsg(ctx, woken(parked), jetstream.WithExpectLastSequenceForSubject(parked.Sequence, parked.Subject))
	if err != nil && !bus.Refused(err) {
		return fmt.Errorf("wake a parked run: %w", err)
	}
	return nil
}

// woken is what a parked message turns into. Its last two headers have the server
// remove the parked one (ADR-51 of NATS).
func woken(parked *bus.Stored) *nats.Msg {
	msg := &nats.Msg{Subject: parked.Header.Get(jetstream.ScheduleTargetHeader), Data: parked.Data, Header: nats.Header{}}
	for name, values := range parked.Header {
		if !strings.HasPrefix(name, "Nats-") {
			msg.Header[name] = values
		}
	}
	msg.Header.Set(jetstream.SchedulerHeader, parked.Subject)
	msg.Header.Set(jetstream.ScheduleNextHeader, "purge")
	return msg
}
