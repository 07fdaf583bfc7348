package planner

import (
	"context"
	"log/slog"
	"maps"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/commit"
	"github.com/carillon-cron/carillon/shared/topology"
)

const (
	// retryRead is the pause before a mark that could not be read is asked for again.
	retryRead = 250 * time.Millisecond
	// newsWait is how long a mark's definitions may take to come before JOBS is asked
	// whether it has them at all.
	newsWait = 5 * time.Second
)

// waiting is a partition that this planner is to plan, but does not yet: its mark
// is still to be read, or was written by a planner that had seen more of JOBS.
type waiting struct {
	since time.Time
	again time.Time // when to look
}

// Gain implements lease.Owner.
func (l *loop) Gain(partition int) {
	l.post(func(context.Context) { l.await(partition) })
}

// Lose implements lease.Owner: when it returns, the partition is not planned
// here any more.
func (l *loop) Lose(partition int) {
	stopped := make(chan struct{})
	l.post(func(context.Context) {
		l.leave(partition)
		delete(l.waiting, partition)
		close(stopped)
	})
	select {
	case <-stopped:
	case <-l.done:
	}
}

// await plans a partition no longer until its mark has been read anew.
func (l *loop) await(partition int) {
	l.leave(partition)
	now := time.Now()
	l.waiting[partition] = waiting{since: now, again: now}
}

func (l *loop) leave(partition int) {
	delete(l.marks, partition)
	delete(l.positions, partition)
	l.agenda.Disown(partition)
	ownedPartitions.Set(float64(len(l.marks)))
}

// enter starts planning the partitions that wait, from their marks as they stand
// in the stream, as soon as everything is known that those marks had seen.
func (l *loop) enter(ctx context.Context) {
	for p, w := range maps.Clone(l.waiting) {
		now := time.Now()
		if now.Before(w.again) {
			continue
		}
		mark, err := commit.ReadMark(ctx, l.js, p)
		switch {
		case err != nil:
			slog.Warn("mark not read, trying again", "partition", p, "error", err)
			w.again = now.Add(retryRead)
			l.waiting[p] = w
		case mark.Seen > l.agenda.Seen() && (now.Sub(w.since) < newsWait || l.hasNews(ctx, mark.Seen)):
			if w.again = now.Add(lookForNews); now.Sub(w.since) > newsWait {
				w.again = now.Add(retryRead)
			}
			l.waiting[p] = w
		default:
			delete(l.waiting, p)
			l.marks[p], l.positions[p] = mark, l.backfills.Clean(p, mark.Mark)
			l.agenda.Own(p, mark.Mark)
			ownedPartitions.Set(float64(len(l.marks)))
		}
	}
}

// hasNews reports whether JOBS holds what a mark had seen, or cannot be asked. It
// does not if it was restored from an older copy.
func (l *loop) hasNews(ctx context.Context, seen uint64) bool {
	ctx, stop := context.WithTimeout(ctx, newsWait)
	defer stop()
	jobs, err := l.js.Stream(ctx, topology.JobsStream)
	return err != nil || jobs.CachedInfo().State.LastSeq >= seen
}

// lookForNews is the pause before a mark is compared with what is known again.
const lookForNews = 10 * time.Millisecond

// untilEnter is how long the loop may sleep for the partitions that wait.
func (l *loop) untilEnter() time.Duration {
	sleep := longestSleep
	for _, w := range l.waiting {
		sleep = min(sleep, time.Until(w.again))
	}
	return sleep
}
