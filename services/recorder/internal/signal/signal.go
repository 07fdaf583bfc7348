// Package signal takes from SIGNALS what the recorder is told beside outcomes:
// pings of checks, and alerts that others raise.
//
// A signal is acknowledged once it is acted on, which may be done again. They are
// few, so they are taken one after the other, and those of one check in order. While
// Postgres is away, the first one waits, and with it all others, on disk.
package signal

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/alert"
	"github.com/carillon-cron/carillon/services/recorder/internal/ledger"
	"github.com/carillon-cron/carillon/shared/lull"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var setAside = promauto.NewCounter(prometheus.CounterOpts{
	Name: "carillon_recorder_poison_signals_total", Help: "Signals set aside because nobody can act on them.",
})

const (
	setupTimeout = 5 * time.Second
	// pause lies between two tries, of whatever failed.
	pause = 500 * time.Millisecond
	// tries is how often a signal is acted on though Postgres is there, and does
	// not refuse it either: what is wrong may pass.
	tries = 10
	// atOnce is how many signals are asked for, and maxWait how long for.
	atOnce  = 100
	maxWait = 2 * time.Second
)

// Handler acts on signals.
type Handler interface {
	Ping(ctx context.Context, token uuid.UUID, ping wire.Ping, now time.Time) error
	Raise(ctx context.Context, job uuid.UUID, found alert.Finding) error
}

// Run takes signals until ctx ends.
func Run(ctx context.Context, js jetstream.JetStream, handler Handler) {
	for ctx.Err() == nil {
		if err := take(ctx, js, handler); err != nil && ctx.Err() == nil {
			slog.Debug("signals not taken, will try again", "error", err)
			lull.For(ctx, pause)
		}
	}
}

// take takes signals until something breaks.
func take(ctx context.Context, js jetstream.JetStream, handler Handler) error {
	asked, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	consumer, err := js.CreateOrUpdateConsumer(asked, topology.SignalsStream, topology.SignalConsumer())
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		batch, err := consumer.Fetch(atOnce, jetstream.FetchMaxWait(maxWait))
		if err != nil {
			return err
		}
		for msg := range batch.Messages() {
			handle(ctx, msg, handler)
		}
		if err := batch.Error(); err != nil {
			return err
		}
	}
	return nil
}

// handle acts on a signal until that succeeds, and acknowledges it. One that can
// never be acted on is set aside: it must not stand in the way of others.
func handle(ctx context.Context, msg jetstream.Msg, handler Handler) {
	act, err := read(msg, handler)
	if err == nil {
		err = persist(ctx, msg, act)
	}
	switch {
	case err == nil:
		acknowledge(msg.Ack)
	case ctx.Err() == nil:
		setAside.Inc()
		slog.Error("signal set aside", "error", err, "subject", msg.Subject())
		acknowledge(msg.Term)
	}
}

// persist acts until that succeeds, is refused for ever, fails too often, or ctx
// ends. While Postgres is away, no try counts.
func persist(ctx context.Context, msg jetstream.Msg, act func(context.Context) error) error {
	for failed := 0; ; {
		err := act(ctx)
		if err == nil || ledger.IsRefusal(err) || ctx.Err() != nil {
			return err
		}
		if !postgres.IsUnavailable(err) {
			failed++
		}
		if failed == tries {
			return err
		}
		slog.Warn("signal not recorded, will try again", "error", err, "subject", msg.Subject())
		acknowledge(msg.InProgress)
		lull.For(ctx, pause)
	}
}

// read returns what a signal asks for.
func read(msg jetstream.Msg, handler Handler) (act func(context.Context) error, err error) {
	if token, ok := topology.PingToken(msg.Subject()); ok {
		ping, err := wire.Decode[wire.Ping](msg.Data())
		return func(ctx context.Context) error { return handler.Ping(ctx, token, ping, time.Now().UTC()) }, err
	}
	said, err := wire.Decode[wire.Alert](msg.Data())
	if err == nil && !said.Kind.Valid() {
		err = fmt.Errorf("kind %.40q is unknown", said.Kind)
	}
	found := alert.Finding{Kind: said.Kind, Reason: said.Reason, At: past(said.At, time.Now())}
	if said.Firing {
		found.Level = alert.Firing
	}
	return func(ctx context.Context) error { return handler.Raise(ctx, said.JobID, found) }, err
}

// past returns an instant that somebody told, or now where there is none, or that
// clock is ahead.
func past(told, now time.Time) time.Time {
	if told.IsZero() || told.After(now) {
		told = now
	}
	return told.UTC().Truncate(time.Microsecond)
}

// acknowledge answers the server; an answer that is lost means that the signal
// comes again.
func acknowledge(answer func() error) {
	if err := answer(); err != nil {
		slog.Debug("signal not answered", "error", err)
	}
}
