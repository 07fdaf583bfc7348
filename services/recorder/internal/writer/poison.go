package writer

import (
	"context"
	"log/slog"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/ledger"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var poison = promauto.NewCounter(prometheus.CounterOpts{
	Name: "carillon_recorder_poison_events_total", Help: "Events set aside because they can never be recorded.",
})

// poisoned is a message that can never be recorded.
type poisoned struct {
	msg    jetstream.Msg
	reason error
}

// setAside keeps poison where it can be looked at, and removes it from the
// stream. What Postgres cannot take now comes again.
func (w *Writer) setAside(ctx context.Context, found []poisoned) {
	if len(found) == 0 {
		return
	}
	kept, err := w.ledger.SetAside(ctx, strays(found))
	if err != nil && !ledger.IsRefusal(err) {
		slog.Warn("poison not set aside, it will come again", "error", err, "events", len(found))
		answerPoison(found, func(msg jetstream.Msg) error { return msg.NakWithDelay(lastPause) })
		return
	}
	poison.Add(float64(len(found)))
	for _, one := range found {
		slog.Error("event set aside", "error", one.reason, "subject", one.msg.Subject())
	}
	slog.Error("events that cannot be recorded are in the table set_aside_events", "new", kept, "error", err)
	answerPoison(found, func(msg jetstream.Msg) error { return msg.TermWithReason("cannot be recorded") })
}

func strays(found []poisoned) []ledger.Stray {
	list := make([]ledger.Stray, len(found))
	for i, one := range found {
		list[i] = ledger.Stray{StoredAt: time.Unix(0, 0), Subject: one.msg.Subject(), Reason: one.reason.Error(), Body: one.msg.Data()}
		if place, err := one.msg.Metadata(); err == nil { // always, for a message of JetStream
			list[i].StoredAt, list[i].Sequence = place.Timestamp, place.Sequence.Stream
		}
	}
	return list
}

// answerPoison answers the server. If that does not get through, the poison comes
// again, and ends here again.
func answerPoison(found []poisoned, answer func(jetstream.Msg) error) {
	for _, one := range found {
		if err := answer(one.msg); err != nil {
			slog.Warn("poison not answered", "error", err)
			return
		}
	}
}
