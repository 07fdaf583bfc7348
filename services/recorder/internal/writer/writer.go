package writer

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/ledger"
	"github.com/carillon-cron/carillon/shared/lull"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go/jetstream"
)

// The pauses between two tries grow from the first to the last: soon enough
// that a restart of Postgres is hardly felt, seldom enough to leave it alone.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
)

// Writer records batches. It is safe for concurrent use.
type Writer struct {
	ledger   *ledger.Ledger
	health   *service.Health
	recorded func([]*wire.Outcome)
	locked   lockedDays
}

// New returns a Writer into a ledger. It reports on the part "postgres" of health,
// and calls recorded with what is recorded, which must not wait.
func New(ledger *ledger.Ledger, health *service.Health, recorded func([]*wire.Outcome)) *Writer {
	return &Writer{ledger: ledger, health: health, recorded: recorded}
}

// Run records batches until the channel is closed. Once ctx has ended, batches
// are given back instead.
func (w *Writer) Run(ctx context.Context, batches <-chan []jetstream.Msg) {
	for msgs := range batches {
		events, found := decode(msgs)
		w.write(ctx, events)
		w.setAside(ctx, found)
	}
}

// write records events, or sets aside those that cannot be.
func (w *Writer) write(ctx context.Context, events []*event) {
	began := time.Now()
	if events = w.without(events, w.locked.at(began)); len(events) == 0 {
		return
	}
	err := w.persist(ctx, events)
	switch {
	case err == nil:
		w.recorded(outcomes(events))
		observe(events, began, time.Now())
		each(events, jetstream.Msg.Ack)
	case ctx.Err() == nil && mayWait(events, err):
		w.divide(ctx, events)
	case !ledger.IsRefusal(err):
		each(events, jetstream.Msg.Nak)
	case len(events) == 1:
		w.setAside(ctx, []poisoned{{events[0].msg, err}})
	default:
		half := len(events) / 2
		w.write(ctx, events[:half])
		w.write(ctx, events[half:])
	}
}

// mayWait reports whether events were not recorded for a lock that only the old ones
// of them may have met.
func mayWait(events []*event, err error) bool { return ledger.IsLocked(err) && anyOld(events) }

// persist tries until the events are recorded, are refused, may wait, or ctx ends.
func (w *Writer) persist(ctx context.Context, events []*event) error {
	rows := outcomes(events)
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := w.ledger.Record(ctx, rows)
		if err == nil || ledger.IsRefusal(err) {
			w.health.Ready("postgres")
			return err
		}
		if ctx.Err() != nil || mayWait(events, err) {
			return err
		}
		w.health.NotReady("postgres", err.Error())
		slog.Warn("batch not recorded, will try again", "error", err, "events", len(events))
		lull.For(ctx, pause/2+rand.N(pause/2)) // so that recorders do not return in step
	}
}

// each answers the server on every event. An answer that does not get through
// only means that the message comes again.
func each(events []*event, answer func(jetstream.Msg) error) {
	for _, one := range events {
		if err := answer(one.msg); err != nil {
			slog.Warn("event not answered, it will come again", "error", err, "subject", one.msg.Subject())
			return
		}
	}
}
