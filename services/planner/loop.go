package planner

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/services/planner/internal/backfill"
	"github.com/carillon-cron/carillon/services/planner/internal/commit"
	"github.com/carillon-cron/carillon/services/planner/internal/plan"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go/jetstream"
)

// longestSleep bounds how long the loop relies on one reading of the clock, so
// that a stepped clock makes it late by no more than this.
const longestSleep = time.Second

// loop is the one goroutine that owns the agenda and the marks. Everybody else
// hands it closures through the mailbox.
type loop struct {
	js        jetstream.JetStream
	keeper    *timekeeper
	committer *commit.Committer
	agenda    *agenda.Agenda
	marks     map[int]commit.Mark // of the owned partitions
	positions map[int]wire.Mark   // the same, to plan from
	waiting   map[int]waiting     // gained, but not owned yet
	held      *holding
	courier   *courier
	backfills *backfill.Register
	stopped   bool // by the clock
	mailbox   chan func(context.Context)
	done      chan struct{}
	report    func(error) // how the last commit went
}

func newLoop(js jetstream.JetStream, name string, keeper *timekeeper, report func(error)) *loop {
	courier := &courier{common: js}
	return &loop{
		js: js, keeper: keeper, report: report, committer: commit.New(js, name, keeper.sound), agenda: agenda.New(), marks: map[int]commit.Mark{}, positions: map[int]wire.Mark{},
		waiting: map[int]waiting{}, held: newHolding(courier), courier: courier, backfills: backfill.New(),
		mailbox: make(chan func(context.Context), 1024), done: make(chan struct{}),
	}
}

// run plans what is due and takes in news, in turns, until ctx ends.
func (l *loop) run(ctx context.Context) error {
	defer close(l.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		l.readMail(ctx)
		l.enter(ctx)
		l.tidy(ctx)
		if l.planOnce(ctx) {
			continue
		}
		timer.Reset(l.untilNext())
		select {
		case <-ctx.Done():
		case <-timer.C:
		case task := <-l.mailbox:
			task(ctx)
		}
	}
	return ctx.Err()
}

// readMail takes in the news that is there, without waiting for more.
func (l *loop) readMail(ctx context.Context) {
	for range len(l.mailbox) {
		(<-l.mailbox)(ctx)
	}
}

func (l *loop) untilNext() time.Duration {
	if l.stopped {
		return doubtPause
	}
	sleep := min(l.untilEnter(), l.held.untilLook(l.marks))
	sleep = l.backfills.UntilPick(time.Now(), maps.Keys(l.marks), sleep)
	if fire, ok := l.agenda.Next(); ok {
		sleep = min(sleep, time.Until(fire.At))
	}
	return sleep
}

// planOnce plans one batch of what is due, or else of what backfills ask for, and
// reports whether there was one.
func (l *loop) planOnce(ctx context.Context) bool {
	now, ok := l.keeper.now()
	if l.stopped = !ok; l.stopped {
		return false
	}
	batch := plan.Collect(l.agenda, now, l.positions, l.held.free(ctx, l, now))
	if batch.Empty() {
		batch = l.fill(ctx, now)
	}
	if batch.Empty() {
		return false
	}
	l.commit(ctx, batch, now)
	return true
}

// commit stores a batch, or starts over from the marks.
func (l *loop) commit(ctx context.Context, batch *plan.Batch, now time.Time) {
	err := l.committer.Commit(ctx, batch, l.marks)
	var stale *commit.Stale
	switch {
	case err == nil:
		for p := range batch.Marks {
			l.positions[p] = l.backfills.Clean(p, l.marks[p].Mark)
			l.agenda.Stored(p, l.marks[p].Mark)
		}
		l.backfills.HandedOut(batch, now)
		observe(batch, time.Since(now))
		l.report(nil)
		if batch.Replacing {
			l.held.lookNow()
		}
	case errors.As(err, &stale):
		slog.Warn("another planner is at work here, starting over from its marks", "partitions", stale.Partitions)
		l.startOver(batch)
	default: // it is too late for these decisions, or ctx ended
		l.startOver(batch)
		l.report(err)
	}
}

// startOver plans the partitions of a batch that was not stored from their marks on.
func (l *loop) startOver(batch *plan.Batch) {
	for p := range batch.Marks {
		l.await(p)
	}
}

// post hands a task to the loop, unless the loop has ended.
func (l *loop) post(task func(context.Context)) {
	select {
	case l.mailbox <- task:
	case <-l.done:
	}
}
