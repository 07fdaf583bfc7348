package reschedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/adaptive"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

// lockKey is the advisory lock of the pass: the letters of "adaptive".
const lockKey = int64(0x6164617074697665)

// ErrUnderWay says that another recorder makes a pass.
var ErrUnderWay = errors.New("a pass of adaptive rescheduling is under way")

// Ask has a gateway write changes, of which there are wire.MaxChanges at most.
type Ask func(context.Context, wire.Adaptations) (wire.Adapted, error)

// Report is what a pass did. Statements counts those of the gateway too.
type Report struct {
	Jobs, Applied, Suggested, Left, Statements int
}

// Run makes a pass. It fails with ErrUnderWay, or as soon as Postgres or the
// gateway fails; what it reports then is done, and stays.
func Run(ctx context.Context, pool *pgxpool.Pool, ask Ask) (Report, error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("reschedule: %w", err)
	}
	defer conn.Release()
	p := pass{conn: conn, ask: ask, now: time.Now()}
	if err := p.lock(ctx); err != nil {
		return p.report, err
	}
	err = p.run(ctx)
	p.unlock(ctx)
	if err != nil {
		return p.report, fmt.Errorf("reschedule: %w", err)
	}
	return p.report, nil
}

// pass is one pass under way.
type pass struct {
	conn   *pgxpool.Conn
	ask    Ask
	now    time.Time
	crowd  *adaptive.Crowd // nil where no job can move
	report Report
}

func (p *pass) lock(ctx context.Context) error {
	var got bool
	p.report.Statements++
	err := p.conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, lockKey).Scan(&got)
	if err == nil && !got {
		return ErrUnderWay
	}
	return err
}

// unlock gives up a connection that it cannot free of the lock.
func (p *pass) unlock(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	p.report.Statements++
	if _, err := p.conn.Exec(ctx, `SELECT pg_advisory_unlock($1)`, lockKey); err != nil {
		_ = p.conn.Conn().Close(ctx) // the pool makes another
	}
}

func (p *pass) run(ctx context.Context) error {
	if err := p.countFires(ctx); err != nil {
		return err
	}
	for after := uuid.Nil; ; {
		var jobs []job
		var changes []wire.Adaptation
		err := rested(ctx, func() (err error) {
			jobs, err = p.page(ctx, after)
			changes = p.decide(jobs)
			return err
		})
		if err != nil {
			return err
		}
		p.report.Jobs += len(jobs)
		if err := p.write(ctx, changes); err != nil || len(jobs) < pageSize {
			return err
		}
		after = jobs[len(jobs)-1].id
	}
}

const (
	// leisurely is what a piece of work takes on a machine that has time.
	leisurely = 250 * time.Millisecond
	// longestRest is how many times as long as the work a rest is at most.
	longestRest = 4
)

// rest returns how long to rest from a piece of work: as long as it took and, where
// it took long because others want the machine too, longer.
func rest(took time.Duration) time.Duration {
	times := min(max(took.Seconds()/leisurely.Seconds(), 1), longestRest)
	return time.Duration(times * float64(took))
}

// rested works, and then rests.
func rested(ctx context.Context, work func() error) error {
	begun := time.Now()
	if err := work(); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(rest(time.Since(begun))):
		return nil
	}
}

func (p *pass) decide(jobs []job) []wire.Adaptation {
	var changes []wire.Adaptation
	for _, j := range jobs {
		if j.unreadable() {
			continue
		}
		change, ok := adaptive.Decide(j.Job)
		if !ok {
			change, ok = p.move(j)
		}
		if ok {
			changes = append(changes, wire.Adaptation{
				JobID: j.id, Revision: j.revision, Action: change.Action, Adapted: change.Adapted, Reason: change.Reason,
			})
		}
	}
	return changes
}

// write has a gateway write changes. It rests after each request, for the planners
// that hear of thousands of new revisions at once too.
func (p *pass) write(ctx context.Context, changes []wire.Adaptation) error {
	for chunk := range slices.Chunk(changes, wire.MaxChanges) {
		if err := rested(ctx, func() error { return p.request(ctx, chunk) }); err != nil {
			return err
		}
	}
	return nil
}

func (p *pass) request(ctx context.Context, changes []wire.Adaptation) error {
	answer, err := p.ask(ctx, wire.Adaptations{Changes: changes})
	if err != nil {
		return fmt.Errorf("ask a gateway: %w", err)
	}
	p.report.Applied += answer.Applied
	p.report.Suggested += answer.Suggested
	p.report.Left += answer.Left
	p.report.Statements += answer.Statements
	if answer.Error != "" {
		return fmt.Errorf("the gateway: %s", answer.Error)
	}
	return nil
}
