package planner

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
)

// define takes in a message of JOBS.
func (l *loop) define(entry bus.Entry) {
	switch {
	case topology.IsSecret(entry.Subject):
		l.know(entry.Sequence)
	case topology.IsQueue(entry.Subject):
		l.defineQueue(entry)
	case topology.IsPause(entry.Subject):
		l.definePause(entry)
	case topology.IsBackfill(entry.Subject):
		l.defineBackfill(entry)
	default:
		l.defineJob(entry)
	}
}

// defineQueue takes in a queue; an empty message says that it is deleted.
func (l *loop) defineQueue(entry bus.Entry) {
	queue := carillon.Queue{Name: topology.QueueName(entry.Subject)}
	if len(entry.Data) > 0 {
		defined, err := wire.Decode[carillon.Queue](entry.Data)
		if err == nil && defined.Name != queue.Name {
			err = fmt.Errorf("it says that it is the queue %.70q", defined.Name)
		}
		if err != nil {
			l.ignore(entry, err)
			return
		}
		queue = defined
	}
	l.post(func(context.Context) { l.agenda.DefineQueue(queue, entry.Sequence) })
}

func (l *loop) definePause(entry bus.Entry) {
	pause, err := wire.Decode[wire.Pause](entry.Data)
	if err != nil {
		l.ignore(entry, err)
		return
	}
	l.post(func(context.Context) { l.agenda.Pause(pause, entry.Sequence) })
}

func (l *loop) defineBackfill(entry bus.Entry) {
	backfill, err := wire.Decode[wire.Backfill](entry.Data)
	if err != nil {
		l.ignore(entry, err)
		return
	}
	l.post(func(context.Context) {
		l.backfills.Apply(backfill)
		l.agenda.Know(entry.Sequence)
	})
}

func (l *loop) defineJob(entry bus.Entry) {
	def, err := wire.Decode[wire.Brief](entry.Data)
	var revision *agenda.Revision
	if err == nil {
		revision, err = agenda.NewRevision(&def)
	}
	if err != nil {
		l.ignore(entry, err)
		return
	}
	id, sequence := def.ID, entry.Sequence // not the whole definition
	l.post(func(context.Context) { l.agenda.Apply(id, revision, sequence) })
}

// ignore passes over a message that cannot be read.
func (l *loop) ignore(entry bus.Entry, err error) {
	unreadable.Inc()
	slog.Error("definition not plannable", "subject", entry.Subject, "error", err)
	l.know(entry.Sequence)
}

// know tells the agenda that JOBS holds nothing more up to a sequence.
func (l *loop) know(sequence uint64) {
	l.post(func(context.Context) { l.agenda.Know(sequence) })
}
