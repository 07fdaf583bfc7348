// Package callback takes in what targets say of the runs that they took on.
//
// A target has no key: it proves by the token in the address that it was called.
// A token that nobody here made is refused without asking anybody. What is said is
// entered in the book of callbacks (shared/callback), where the first report on an
// attempt stands; then the run is woken, if it waits. A target that hears nothing
// says it again, and all of it is done again, to the same end.
//
// It needs NATS alone, and the book is opened when the first target calls back.
package callback

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/carillon-cron/carillon/shared/callback"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

// The refusals.
var (
	// ErrUnknown says that nobody here made the token.
	ErrUnknown = callback.ErrUnknown
	// ErrLate says that the run is not waited for any more.
	ErrLate = errors.New("the time for this callback is over")
	// ErrContradicted says that the target has said otherwise before.
	ErrContradicted = errors.New("the target has called back before, and said otherwise")
	// ErrUnavailable says that NATS did not take the report. It may stand all the same.
	ErrUnavailable = errors.New("NATS is not available")
)

// Desk takes reports. It is safe for concurrent use.
type Desk struct {
	js     jetstream.JetStream
	opened atomic.Pointer[callback.Book]
}

// New returns a desk over a JetStream.
func New(js jetstream.JetStream) *Desk { return &Desk{js: js} }

// Take takes the report of whoever holds a token, and returns the run that it is
// about. It fails with one of the refusals.
func (d *Desk) Take(ctx context.Context, token string, report wire.Report) (run uuid.UUID, err error) {
	book, err := d.book(ctx)
	if err != nil {
		return run, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	ticket, err := book.Read(token)
	if err != nil {
		return run, err
	}
	if time.Now().After(ticket.Until) {
		return run, ErrLate
	}
	report.Message = strings.ReplaceAll(report.Message, token, "(secret)") // whoever reads it could call back, too
	if err := enter(ctx, book, ticket, report); err != nil {
		return run, err
	}
	if err := book.Wake(ctx, ticket.Job, ticket.Run, ticket.Attempt); err != nil {
		return run, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return ticket.Run, nil
}

func enter(ctx context.Context, book *callback.Book, ticket callback.Ticket, report wire.Report) error {
	stands, err := book.Enter(ctx, ticket.Run, ticket.Attempt, report)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	case stands.Class == wire.ClassTimeout:
		return ErrLate
	case stands.State != report.State:
		return ErrContradicted
	}
	return nil
}

func (d *Desk) book(ctx context.Context) (*callback.Book, error) {
	if book := d.opened.Load(); book != nil {
		return book, nil
	}
	book, err := callback.Open(ctx, d.js)
	if err == nil {
		d.opened.Store(book)
	}
	return book, err
}
