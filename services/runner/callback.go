package runner

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/intake"
	"github.com/carillon-cron/carillon/shared/callback"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// resumedAtOnce is how many runs are told at the same time that their wait for
	// a callback is over.
	resumedAtOnce = 256
	// slack is for clocks that differ. Who is late is said by the book, not by the
	// token.
	slack = 10 * time.Minute
	// reopenEvery is the pause before the book is opened again.
	reopenEvery = 500 * time.Millisecond
)

// resume takes the runs whose wait for a callback is over, until ctx ends and
// all that was taken is answered.
func resume(ctx context.Context, nc *nats.Conn, js jetstream.JetStream, handle func(*nats.Msg)) {
	consumer := topology.CallbackConsumer()
	intake.New(intake.Config{
		Conn: nc, Stream: topology.RunsStream, Consumer: consumer.Durable, AckWait: consumer.AckWait, Limit: resumedAtOnce,
		Ensure: func(ctx context.Context) error {
			_, err := js.CreateOrUpdateConsumer(ctx, topology.RunsStream, consumer)
			return err
		},
		Handle: func(msg *nats.Msg) bool {
			handle(msg)
			return true
		},
	}).Run(ctx)
}

// openBook opens the book of callbacks, however long that takes. It returns nil
// if ctx ends before.
func openBook(ctx context.Context, js jetstream.JetStream) *callback.Book {
	for {
		book, err := callback.Open(ctx, js)
		if err == nil {
			return book
		}
		slog.Debug("callbacks not ready", "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(reopenEvery):
		}
	}
}

// callbackURL returns what makes the addresses at which targets call back: good
// from the call until the longest that the run can wait. It is nil without an
// address of the API.
func callbackURL(public string, book *callback.Book) func(wire.Run, *wire.Call) string {
	if public == "" {
		return nil
	}
	base := strings.TrimSuffix(public, "/") + carillon.CallbackPath
	return func(run wire.Run, call *wire.Call) string {
		longest := time.Duration(call.Target.Timeout) + time.Duration(call.Target.Callback.TTL)
		return base + book.Token(callback.Ticket{
			Job: call.JobID, Run: run.ID, Attempt: run.Attempt, Until: time.Now().Add(longest + slack),
		})
	}
}
