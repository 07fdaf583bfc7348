package backfill

import (
	"maps"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// Register is all backfills. Make one with New.
type Register struct {
	partitions [carillon.Partitions]map[uuid.UUID]*backfill
}

// backfill is one of them.
type backfill struct {
	wire.Backfill
	due  time.Time // when the rate allows the next fire
	next time.Time // when it is looked at again
}

// New returns an empty register.
func New() *Register {
	r := &Register{}
	for p := range r.partitions {
		r.partitions[p] = map[uuid.UUID]*backfill{}
	}
	return r
}

// Apply takes in a message of JOBS.
func (r *Register) Apply(news wire.Backfill) {
	known := r.partitions[carillon.PartitionOf(news.JobID)]
	if before := known[news.ID]; before != nil && (before.Ended || !news.Ended) {
		return
	}
	known[news.ID] = &backfill{Backfill: news}
}

// Clean takes the numbers of backfills that have ended out of a partition's mark,
// and forgets those that no mark has.
func (r *Register) Clean(partition int, mark wire.Mark) wire.Mark {
	known := r.partitions[partition]
	if len(known) == 0 {
		return mark
	}
	ended := func(id uuid.UUID) bool { return known[id] != nil && known[id].Ended }
	maps.DeleteFunc(known, func(id uuid.UUID, b *backfill) bool {
		_, counted := mark.Backfills[id]
		return b.Ended && !counted
	})
	mark.Backfills = maps.Clone(mark.Backfills)
	maps.DeleteFunc(mark.Backfills, func(id uuid.UUID, _ wire.Filled) bool { return ended(id) })
	return mark
}
