package writer

import (
	"github.com/carillon-cron/carillon/services/recorder/internal/ledger"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go/jetstream"
)

// event is a message together with what it says.
type event struct {
	msg     jetstream.Msg
	outcome wire.Outcome
}

// decode reads a batch. Messages that say nothing the ledger could hold are
// poison.
func decode(msgs []jetstream.Msg) (events []*event, found []poisoned) {
	backing := make([]event, len(msgs))
	events = make([]*event, 0, len(msgs))
	for i, msg := range msgs {
		one := &backing[i]
		one.msg = msg
		if err := one.read(); err != nil {
			found = append(found, poisoned{msg, err})
			continue
		}
		events = append(events, one)
	}
	return events, found
}

func (e *event) read() (err error) {
	if e.outcome, err = wire.Decode[wire.Outcome](e.msg.Data()); err != nil {
		return err
	}
	return ledger.Check(&e.outcome)
}

func outcomes(events []*event) []*wire.Outcome {
	list := make([]*wire.Outcome, len(events))
	for i, one := range events {
		list[i] = &one.outcome
	}
	return list
}
