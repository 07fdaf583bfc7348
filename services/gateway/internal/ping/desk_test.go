package ping

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
)

// answers are what Postgres says of each token.
type answers struct {
	has bool
	err error
}

func (a *answers) Has(context.Context, uuid.UUID) (bool, error) { return a.has, a.err }

func TestATokenOnceKnownOutlastsAnOutage(t *testing.T) {
	t.Parallel()
	postgres := &answers{has: true}
	desk, token := New(natstest.Start(t).Streams(), postgres), uuid.New()
	take := func() error { return desk.Take(t.Context(), token, wire.Ping{Event: wire.PingSuccess}) }
	forget := func() { desk.known.Store(token, time.Now().Add(-time.Hour)) }
	if err := take(); err != nil || !desk.Knows(token) {
		t.Fatal(err)
	}
	forget()
	postgres.has, postgres.err = false, &pgconn.PgError{Code: "57P01"} // it shuts down
	if err := take(); err != nil || !desk.Knows(token) {
		t.Error("forgotten, for Postgres is away:", err)
	}
	postgres.err = nil
	if err := take(); !errors.Is(err, ErrUnknown) || desk.Knows(token) {
		t.Error("known, though its check is gone:", err)
	}
}
