// Package ping takes in what jobs that run elsewhere say of themselves.
//
// A ping is stored in NATS, and the recorder acts on it when it can; so pings are
// taken while Postgres is away. Whether a token is that of a check is asked of
// Postgres once a minute, and known in between. While Postgres is away, a token that
// was never known is taken at its word: the recorder passes over what is none. Little
// is kept of what it says, so that what is made up does not crowd out the others. How
// much may wait is bounded, per token and in all.
package ping

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

// The refusals.
var (
	// ErrUnknown says that the token is that of no check.
	ErrUnknown = errors.New("no such check")
	// ErrUnavailable says that NATS did not take the ping.
	ErrUnavailable = errors.New("NATS is not available")
	// ErrTooMany says that more pings wait than may.
	ErrTooMany = errors.New("too many pings of this check wait to be recorded")
)

// Tokens knows which tokens there are.
type Tokens interface {
	Has(ctx context.Context, token uuid.UUID) (bool, error)
}

// Desk takes pings. It is safe for concurrent use.
type Desk struct {
	js     jetstream.JetStream
	tokens Tokens
	known  sync.Map // tokens, and when Postgres said so
}

// New returns a desk.
func New(js jetstream.JetStream, tokens Tokens) *Desk { return &Desk{js: js, tokens: tokens} }

// Knows reports, without asking, whether a token was once found to be that of a check,
// and was not found gone since. After Take has taken one that it does not know, it was
// taken at its word.
func (d *Desk) Knows(token uuid.UUID) bool {
	_, known := d.known.Load(token)
	return known
}

// Take takes a ping that came in under a token. It fails with one of the refusals.
func (d *Desk) Take(ctx context.Context, token uuid.UUID, ping wire.Ping) error {
	if err := d.look(ctx, token); err != nil {
		return err
	}
	if !d.Knows(token) {
		ping.Message = strings.ToValidUTF8(ping.Message[:min(len(ping.Message), mostAtItsWord)], "")
	}
	_, err := d.js.Publish(ctx, topology.PingSignal(token), wire.Encode(ping))
	if refused, ok := errors.AsType[*jetstream.APIError](err); ok && refused.ErrorCode == notStored && strings.HasPrefix(refused.Description, full) {
		return ErrTooMany
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

// How the server refuses what is beyond a stream's bounds: of messages, of those of
// one subject, or of bytes. With the same code it says that its disk is full.
const (
	notStored jetstream.ErrorCode = 10077
	full                          = "maximum "
)

const (
	// trust is for how long a token is known without asking: a check may be deleted.
	trust = time.Minute
	// mostAtItsWord is how many bytes are kept of what is said under a token that was
	// never known.
	mostAtItsWord = 200
)

func (d *Desk) look(ctx context.Context, token uuid.UUID) error {
	if at, known := d.known.Load(token); known && time.Since(at.(time.Time)) < trust {
		return nil
	}
	has, err := d.tokens.Has(ctx, token)
	switch {
	case err == nil && has:
		d.known.Store(token, time.Now())
		return nil
	case err == nil:
		d.known.Delete(token)
		return ErrUnknown
	case postgres.IsUnavailable(err):
		return nil
	}
	return err
}
