package backup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// System is where a Carillon keeps everything.
type System struct {
	DatabaseURL string
	NATS        bus.Config
}

// connectTimeout bounds the wait for each of the two servers.
const connectTimeout = 10 * time.Second

// connected is a system that can be worked on.
type connected struct {
	db *pgx.Conn
	nc *nats.Conn
	js jetstream.JetStream
}

func (s System) connect(ctx context.Context) (*connected, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if s.DatabaseURL == "" {
		return nil, errors.New("DATABASE_URL is empty: it says where Postgres is")
	}
	db, err := pgx.Connect(ctx, s.DatabaseURL)
	if err != nil {
		return nil, fmt.Errorf("Postgres (DATABASE_URL): %w", err)
	}
	// What COPY writes is then the same text everywhere, and takes its time.
	_, err = db.Exec(ctx, `SET timezone = 'UTC'; SET datestyle = 'ISO'; SET intervalstyle = 'postgres';
		SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0`)
	if err != nil {
		_ = db.Close(ctx)
		return nil, err
	}
	nc, js, err := bus.Connect(s.NATS, "backup")
	if err == nil {
		if err = reached(ctx, nc); err != nil {
			nc.Close()
		}
	}
	if err != nil {
		_ = db.Close(ctx)
		return nil, err
	}
	return &connected{db, nc, js}, nil
}

// reached waits for the first connection.
func reached(ctx context.Context, nc *nats.Conn) error {
	changes := nc.StatusChanged(nats.CONNECTED)
	if nc.IsConnected() {
		return nil
	}
	select {
	case <-changes:
		return nil
	case <-ctx.Done():
		return errors.New("NATS (NATS_URL) cannot be reached")
	}
}

func (c *connected) close() {
	c.nc.Close()
	_ = c.db.Close(context.Background())
}
