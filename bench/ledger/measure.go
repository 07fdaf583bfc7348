package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/carillon-cron/carillon/shared/pgserver"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Say tells whoever waits how far the measuring is.
type Say func(format string, args ...any)

// bench is one measuring.
type bench struct {
	runs     int
	say      Say
	binary   string // of carillon
	natsURL  string
	postgres *pgserver.Server
	database *pgxpool.Pool
	report   Report
}

// Config says what to measure.
type Config struct {
	// Runs is how many runs the ledger has.
	Runs int
	// Dir keeps the ledger; if it holds one already, that is measured, without the
	// day that the measuring before has dropped, and with little left of the next.
	// Without it the ledger is a temporary one.
	Dir string
	// NATS is the address of a NATS server, which services need to start.
	NATS string
}

// Measure fills a ledger, unless there is one, and measures it. Fifty million
// runs take 16 GiB of disk, and half an hour on two busy cores.
func Measure(ctx context.Context, config Config, say Say) (_ *Report, err error) {
	temporary, err := os.MkdirTemp("", "carillon-bench-ledger-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temporary)
	if config.Dir == "" {
		config.Dir = filepath.Join(temporary, "postgres")
	}
	b := &bench{runs: config.Runs, natsURL: config.NATS, say: say, binary: filepath.Join(temporary, "carillon")}
	if out, err := exec.Command("go", "build", "-o", b.binary, "./cmd/carillon").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	if err := os.Chmod(temporary, 0o711); err != nil { // for the user of Postgres
		return nil, err
	}
	if b.postgres, err = pgserver.Start(ctx, pgserver.Config{Dir: config.Dir}); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.postgres.Stop(context.WithoutCancel(ctx))) }()
	if err := b.fillOnce(ctx); err != nil {
		return nil, err
	}
	defer b.database.Close()
	for _, part := range []func(context.Context) error{b.ask, b.forget} {
		if err := part(ctx); err != nil {
			return nil, err
		}
	}
	return &b.report, nil
}

// fillOnce fills the ledger if it is empty.
func (b *bench) fillOnce(ctx context.Context) (err error) {
	if err := postgres.Migrate(ctx, b.postgres.URL()); err != nil {
		return err
	}
	if b.database, err = postgres.Open(ctx, postgres.Config{URL: b.postgres.URL()}); err != nil {
		return err
	}
	var filled bool
	if err := b.database.QueryRow(ctx, `SELECT EXISTS (SELECT FROM runs)`).Scan(&filled); err != nil {
		return err
	}
	if !filled {
		b.say("ledger: filling it with %d runs", b.runs)
		if err := fill(ctx, b.database, b.runs, b.say); err != nil {
			return err
		}
	}
	if err := b.fillStats(ctx); err != nil {
		return err
	}
	// What Postgres estimates after a VACUUM is close to what there is.
	return b.database.QueryRow(ctx, `
		SELECT coalesce(sum(reltuples), 0)::bigint, count(*), pg_database_size(current_database())
		FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'runs'::regclass`).
		Scan(&b.report.runs, &b.report.days, &b.report.bytes)
}
