package retention

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// tries is how often a day is begun with before it is left for the next sweep.
	tries = 10
	// tryPause lies between two tries: ten of them outlast a short audit.
	tryPause = time.Second
)

// partition is a day under a sweep.
type partition struct {
	scope
	day  time.Time
	conn *pgx.Conn
}

func sweepDay(ctx context.Context, conn *pgx.Conn, s scope, day time.Time) error {
	p := &partition{scope: s, day: day, conn: conn}
	began := time.Now()
	if err := p.settle(ctx); err != nil {
		return fmt.Errorf("%s: %w", day.Format(time.DateOnly), err)
	}
	done, err := p.patiently(ctx)
	if err == nil && done.how == deleted {
		err = p.delete(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", day.Format(time.DateOnly), err)
	}
	if done.how != nothing {
		observe(done, time.Since(began))
		slog.Info("old runs removed", "day", day.Format(time.DateOnly), "how", done.how,
			"runs", done.expired, "kept", done.total-done.expired, "took", time.Since(began))
	}
	return nil
}

// patiently judges a day and acts on it, again if somebody held a lock for long.
func (p *partition) patiently(ctx context.Context) (verdict, error) {
	for try := 1; ; try++ {
		done, err := p.once(ctx)
		if !isLocked(err) || try == tries {
			return done, err
		}
		select {
		case <-ctx.Done():
			return done, ctx.Err()
		case <-time.After(tryPause):
		}
	}
}

// once judges a day and acts on it, in one transaction. Rows to be deleted are
// left to the caller.
func (p *partition) once(ctx context.Context) (done verdict, err error) {
	err = pgx.BeginFunc(ctx, p.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `LOCK TABLE `+p.runs()+`, `+p.attempts()+` IN SHARE MODE`); err != nil {
			return err
		}
		if done, err = p.judge(ctx, tx); err != nil {
			return err
		}
		switch done.how {
		case dropped:
			return p.drop(ctx, tx)
		case rewritten:
			return p.rewrite(ctx, tx)
		}
		return nil
	})
	return done, err
}

func (p *partition) runs() string     { return "runs_" + p.day.Format("20060102") }
func (p *partition) attempts() string { return "attempts_" + p.day.Format("20060102") }

// age is how many days ago the day ended.
func (p *partition) age() int { return int(p.today.Sub(p.day)/day) - 1 }

// isLocked reports whether a lock was not had in time, or not at all because two
// waited for each other.
func isLocked(err error) bool {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (refused.Code == "55P03" || refused.Code == "40P01")
}
