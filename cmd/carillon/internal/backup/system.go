package backup

import (
	"context"
	"errors"
	"fmt"
	"strings"
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
	Folder      string // of a carillon up that has the two, or else NATS
}

// servers names the two for people, without passwords.
func (s System) servers(db *pgx.ConnConfig) (database, nats string) {
	database = fmt.Sprintf("%s on %s:%d", db.Database, db.Host, db.Port)
	addresses := strings.Split(s.NATS.URL, ",")
	for i, address := range addresses {
		addresses[i] = address[strings.LastIndex(address, "@")+1:]
	}
	if s.Folder != "" && s.NATS.URL == "" {
		return database, "in " + s.Folder
	}
	return database, strings.Join(addresses, ",")
}

const (
	// connectTimeout bounds the wait for the two servers.
	connectTimeout = 10 * time.Second
	// answerTimeout bounds the wait for one answer of NATS.
	answerTimeout = 30 * time.Second
)

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
		return nil, errors.New("the setting DATABASE_URL is empty: it says where Postgres is")
	}
	db, err := pgx.Connect(ctx, s.DatabaseURL)
	if err != nil {
		return nil, fmt.Errorf("the database (DATABASE_URL): %w", err)
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

// next is bus.Next, which does not wait for ever.
func (c *connected) next(ctx context.Context, stream, filter string, sequence uint64) (*bus.Stored, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	return bus.Next(ctx, c.nc, stream, filter, sequence)
}

func (c *connected) close() {
	c.nc.Close()
	_ = c.db.Close(context.Background())
}
