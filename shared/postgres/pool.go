// Package postgres is how Carillon's services meet their database: a bounded
// pool, the schema, and the questions that callers ask of an error.
//
// # Model
//
// Only the gateway and the recorder talk to Postgres, each through a pool of its
// own with a fixed upper bound, so that one cannot starve the other. Runs never
// wait for the database, so nothing here is urgent: a caller waits for a
// connection as long as its context lets it, and a call that takes too long is
// ended by the server.
//
// Postgres may be away. Open succeeds all the same, every call then fails with
// an error for which IsUnavailable is true, and the pool works again as soon as
// the server does. What to do meanwhile is the caller's decision: the gateway
// answers 503, the recorder leaves its messages unacknowledged and waits.
//
// The schema lives in migrations/, forward only. A released migration is never
// edited, because the databases that have it never run it again. Services of the
// version before write meanwhile: a migration adds, and what they know stays. It
// rewrites no large table, and makes an index of the ledger ON ONLY its parent; the
// recorder builds the rest.
//
// Left out on purpose: an ORM, a query builder, retries, read replicas.
package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// Connections are replaced now and then, at different times, so that a
	// server behind a moved address, or one with bloated memory, is left.
	connLifetime       = 30 * time.Minute
	connLifetimeJitter = 5 * time.Minute
	// A burst's connections are given back soon after it.
	connIdleTime = 5 * time.Minute
	// Notices that a connection is too old, or that too few are idle.
	healthCheckPeriod = 15 * time.Second
	// A transaction that waits for its own client is a bug or a dead client;
	// either way it must not hold its locks, nor keep vacuum from cleaning up.
	idleInTransactionTimeout = 30 * time.Second
)

// Config bounds a pool. Only URL is required; a zero value means the default.
type Config struct {
	// URL is the DSN, as libpq takes it. Its pool_… settings have no effect.
	URL string `env:"DATABASE_URL"`
	// MaxConns is how many connections there are at most; 10 by default.
	MaxConns int32
	// ConnectTimeout is how long the making of one connection may take; 5 s by
	// default.
	ConnectTimeout time.Duration
	// StatementTimeout is when the server gives up a statement, and half of it is
	// when it gives up waiting for a lock; 10 s by default. A server that has
	// vanished does not keep time: every call needs a context with a deadline too.
	StatementTimeout time.Duration
	// ApplicationName is what pg_stat_activity shows; "carillon" by default.
	ApplicationName string
}

// Open makes a pool. It does not wait for the server, and fails only when the
// URL cannot be understood. Instants are read in UTC. The caller closes the pool.
func Open(ctx context.Context, config Config) (*pgxpool.Pool, error) {
	if config.URL == "" {
		// pgx would take an empty URL for "whatever PGHOST says".
		return nil, errors.New("the URL of the database, DATABASE_URL, is empty")
	}
	c, err := pgxpool.ParseConfig(config.URL)
	if err != nil {
		return nil, fmt.Errorf("the URL of the database: %w", err)
	}
	bound(c, config)
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return pool, nil
}

func bound(c *pgxpool.Config, config Config) {
	statement := cmp.Or(config.StatementTimeout, 10*time.Second)
	c.MaxConns = cmp.Or(config.MaxConns, 10)
	c.MinConns, c.MinIdleConns = 0, 1 // the next call finds a connection made
	c.MaxConnLifetime, c.MaxConnLifetimeJitter = connLifetime, connLifetimeJitter
	c.MaxConnIdleTime = connIdleTime
	c.HealthCheckPeriod = healthCheckPeriod
	c.ConnConfig.ConnectTimeout = cmp.Or(config.ConnectTimeout, 5*time.Second)
	c.PingTimeout = c.ConnConfig.ConnectTimeout
	c.AfterConnect = readInstantsInUTC
	for name, value := range map[string]string{
		"application_name":  cmp.Or(config.ApplicationName, "carillon"),
		"timezone":          "UTC",
		"statement_timeout": milliseconds(statement),
		// Sooner than the statement's, so that the error names the lock.
		"lock_timeout":                        milliseconds(statement / 2),
		"idle_in_transaction_session_timeout": milliseconds(idleInTransactionTimeout),
		// A client whose machine has vanished says nothing. The server asks, and gives
		// up it, its locks and its turns, within half a minute instead of two hours.
		"tcp_keepalives_idle":     "10",
		"tcp_keepalives_interval": "5",
		"tcp_keepalives_count":    "3",
	} {
		c.ConnConfig.RuntimeParams[name] = value
	}
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// readInstantsInUTC replaces pgx's reading of timestamptz, alone and in arrays,
// which is in the machine's zone.
func readInstantsInUTC(_ context.Context, conn *pgx.Conn) error {
	instant := &pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID,
		Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	}
	conn.TypeMap().RegisterType(instant)
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "_timestamptz", OID: pgtype.TimestamptzArrayOID,
		Codec: &pgtype.ArrayCodec{ElementType: instant},
	})
	return nil
}
