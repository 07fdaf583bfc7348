package planner

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/services/planner/internal/commit"
	"github.com/carillon-cron/carillon/services/planner/internal/plan"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/topology"
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
	waiting   map[int]waiting     // gained, but not owned yet
	held      *holding
	stopped   bool // by the clock
	mailbox   chan func(context.Context)
	done      chan struct{}
	report    func(error) // how the last commit went
}

func newLoop(js jetstream.JetStream, name string, keeper *timekeeper, report func(error)) *loop {
	return &loop{
		js: js, keeper: keeper, report: report, committer: commit.New(js, name), agenda: agenda.New(), marks: map[int]commit.Mark{},
		waiting: map[int]waiting{}, held: newHolding(),
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

// mostLate bounds the jobs that lag their marks: each has a place in its mark,
// which is one message. News beyond that waits until some have been planned.
const mostLate = 2000

// readMail takes in the news that is there, without waiting for more.
func (l *loop) readMail(ctx context.Context) {
	for range len(l.mailbox) {
		if l.agenda.Late() > mostLate {
			return
		}
		(<-l.mailbox)(ctx)
	}
}

func (l *loop) untilNext() time.Duration {
	if l.stopped {
		return doubtPause
	}
	sleep := min(l.untilEnter(), l.held.untilLook(l.marks))
	if fire, ok := l.agenda.Next(); ok {
		sleep = min(sleep, time.Until(fire.At))
	}
	return sleep
}

// planOnce plans one batch of what is due, and reports whether there was one.
func (l *loop) planOnce(ctx context.Context) bool {
	now, ok := l.keeper.now()
	if l.stopped = !ok; l.stopped {
		return false
	}
	batch := plan.Collect(l.agenda, now, l.positions(), l.held.free(ctx, l, now))
	if batch.Empty() {
		return false
	}
	err := l.committer.Commit(ctx, batch, l.marks)
	var stale *commit.Stale
	switch {
	case err == nil:
		observe(batch, time.Since(now))
		l.report(nil)
		if batch.Replacing {
			l.held.lookNow()
		}
	case errors.As(err, &stale):
		slog.Warn("another planner is at work here, starting over from its marks", "partitions", stale.Partitions)
		for p := range batch.Marks {
			l.await(p)
		}
	default: // it is too late for these decisions, or ctx ended
		batch.Undo(l.agenda)
		l.report(err)
	}
	return true
}

func (l *loop) positions() map[int]wire.Mark {
	positions := make(map[int]wire.Mark, len(l.marks))
	for p, mark := range l.marks {
		positions[p] = mark.Mark
	}
	return positions
}

// define takes in a message of JOBS.
func (l *loop) define(entry bus.Entry) {
	if topology.IsQueue(entry.Subject) {
		l.know(entry.Sequence)
		return
	}
	def, err := wire.Decode[wire.Brief](entry.Data)
	var revision *agenda.Revision
	if err == nil {
		revision, err = agenda.NewRevision(&def)
	}
	if err != nil {
		unreadable.Inc()
		slog.Error("job not plannable", "subject", entry.Subject, "error", err)
		l.know(entry.Sequence)
		return
	}
	id, sequence := def.ID, entry.Sequence
	l.post(func(ctx context.Context) {
		l.agenda.Apply(id, revision, sequence)
		for _, grave := range l.agenda.Buried() {
			tidy(ctx, l.js, grave)
		}
	})
}

// know tells the agenda that JOBS holds nothing more up to a sequence.
func (l *loop) know(sequence uint64) {
	l.post(func(context.Context) { l.agenda.Know(sequence) })
}

// post hands a task to the loop, unless the loop has ended.
func (l *loop) post(task func(context.Context)) {
	select {
	case l.mailbox <- task:
	case <-l.done:
	}
}
