package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go/jetstream"
)

// mark returns the mark of a job's partition, as it will stand once the planner has
// heard all that was said of the job and of pauses: late news makes a mark go back
// to where the news begins. Before the first mark it is zero, and reaches no fire.
//
// News goes from the outbox to JOBS, and is then seen by a mark; it is looked for in
// this order.
func (s streams) mark(ctx context.Context, job uuid.UUID, namespace string) (wire.Mark, error) {
	subjects := []string{topology.Job(job), topology.Pause(namespace), topology.Pause("")}
	begins, err := s.unpublished(ctx, subjects)
	if err != nil {
		return wire.Mark{}, err
	}
	mark, _, _, err := last[wire.Mark](ctx, s.js, topology.RunsStream, topology.Mark(carillon.PartitionOf(job)))
	if err != nil {
		return mark, err
	}
	for _, subject := range subjects {
		err := s.each(ctx, topology.JobsStream, subject, mark.Seen+1, func(msg *jetstream.RawStreamMsg) error {
			begins.hear(msg.Data)
			return nil
		})
		if err != nil {
			return mark, err
		}
	}
	if !begins.IsZero() && !begins.After(mark.At) {
		mark.Reach = wire.Reach{At: begins.Add(-1), Job: uuid.Max, Seen: mark.Seen}
	}
	return mark, nil
}

// unpublished is when the first of the news begins that waits in the outbox.
func (s streams) unpublished(ctx context.Context, subjects []string) (begins beginning, err error) {
	rows, err := s.pool.Query(ctx, `SELECT payload FROM outbox WHERE subject = ANY($1)`, subjects)
	if err != nil {
		return begins, fmt.Errorf("read outbox: %w", err)
	}
	var payload []byte
	_, err = pgx.ForEachRow(rows, []any{&payload}, func() error { begins.hear(payload); return nil })
	return begins, err
}

// beginning is when the first of some news begins; zero if there is none.
type beginning struct{ time.Time }

// hear takes in what was said of a job or of a pause. What cannot be read is none:
// the planner passes over it as well.
func (b *beginning) hear(said []byte) {
	var news struct {
		EffectiveFrom time.Time `json:"effective_from"`
		Republished   bool      `json:"republished"`
	}
	if json.Unmarshal(said, &news) != nil || news.Republished || news.EffectiveFrom.IsZero() {
		return
	}
	if b.IsZero() || news.EffectiveFrom.Before(b.Time) {
		b.Time = news.EffectiveFrom
	}
}
