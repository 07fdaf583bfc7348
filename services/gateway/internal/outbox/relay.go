package outbox

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

const (
	batchSize = 500
	pollEvery = 250 * time.Millisecond
	// passTimeout bounds one pass, and with it the life of its transaction.
	passTimeout = 15 * time.Second
	maxBackoff  = 5 * time.Second
	// relayLock is the advisory lock of whoever relays: "CARILRLY".
	relayLock = 0x434152494C524C59
)

var depth = promauto.NewGauge(prometheus.GaugeOpts{
	Name: "carillon_gateway_outbox_depth_rows",
	Help: "Changes that were committed and wait to be published, as of the last pass of this gateway.",
})

// Relay publishes the outbox. Its methods are safe for concurrent use.
type Relay struct {
	pool *pgxpool.Pool
	js   jetstream.JetStream
	kick chan struct{}
	poll time.Duration // how soon it sees what another gateway wrote
}

// NewRelay returns a relay that works while its Run does.
func NewRelay(pool *pgxpool.Pool, js jetstream.JetStream) *Relay {
	return &Relay{pool: pool, js: js, kick: make(chan struct{}, 1), poll: pollEvery}
}

// Kick says that there is something to publish. It never blocks.
func (r *Relay) Kick() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// Run relays until ctx ends. When either side is away it tries again.
func (r *Relay) Run(ctx context.Context) error {
	wait := r.poll
	for {
		more, err := r.pass(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			wait = min(2*wait, maxBackoff)
			slog.Warn("outbox not relayed", "error", err, "next_try_in", wait)
		default:
			wait = r.poll
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		case <-r.kick:
		}
	}
}

// pass publishes one batch. There is more if the batch was full, and some of it
// could be removed.
func (r *Relay) pass(ctx context.Context) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, passTimeout)
	defer cancel()
	var some bool
	if err := r.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM outbox)`).Scan(&some); err != nil || !some {
		depth.Set(0)
		return false, err
	}
	var failed error // that a row failed must not bring back those that did not
	err = pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		more, failed, err = r.relay(ctx, tx)
		return err
	})
	if err != nil {
		return false, err
	}
	return more, failed
}

// relay publishes one batch and removes what is done. Failed is why the rest is
// not.
func (r *Relay) relay(ctx context.Context, tx pgx.Tx) (more bool, failed, err error) {
	var mine bool
	if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1)`, relayLock).Scan(&mine); err != nil || !mine {
		return false, nil, err
	}
	batch, err := readBatch(ctx, tx)
	if err != nil || len(batch) == 0 {
		return false, nil, err
	}
	depth.Set(float64(batch[0].Newest - batch[0].ID + 1))
	done, failed := r.publish(ctx, batch)
	_, err = tx.Exec(ctx, `DELETE FROM outbox WHERE id = ANY($1)`, done)
	return len(batch) == batchSize && len(done) > 0, failed, err
}

type row struct {
	ID      int64
	Subject string
	Payload []byte
	Newest  int64
}

func readBatch(ctx context.Context, tx pgx.Tx) ([]row, error) {
	rows, err := tx.Query(ctx, `
		SELECT id, subject, payload, (SELECT max(id) FROM outbox)
		FROM outbox ORDER BY id LIMIT $1`, batchSize)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[row])
}
