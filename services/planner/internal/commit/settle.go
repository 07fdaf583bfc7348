package commit

import (
	"context"

	"github.com/carillon-cron/carillon/services/planner/internal/plan"
)

// answer is what the marks say of a batch that was sent.
type answer int

const (
	notStored answer = iota
	isStored
	isStale
	unfinished // stored while the marks were being read
)

// judge compares the marks of a batch's partitions, as they were found, with
// what the planner knew before and what the batch would make of them. A batch can
// be both stored and stale, if another planner moved on after it; stale is the
// answer then, and whoever gets it starts over from the marks.
func judge(batch *plan.Batch, before, found map[int]Mark) (result answer, stale []int) {
	moved := 0
	for p := range batch.Marks {
		switch {
		case found[p].Sequence == before[p].Sequence && found[p].Same(before[p].Mark):
		case found[p].Same(batch.Marks[p]):
			moved++
		default:
			stale = append(stale, p)
		}
	}
	switch {
	case len(stale) > 0:
		return isStale, stale
	case moved == 0:
		return notStored, nil
	case moved < len(batch.Marks):
		return unfinished, nil
	}
	return isStored, nil
}

// settle reads the marks to learn what became of a batch that was refused or
// not answered: stored, not stored, or *[Stale].
func (c *Committer) settle(ctx context.Context, batch *plan.Batch, marks map[int]Mark) (stored bool, err error) {
	for {
		found := map[int]Mark{}
		for p := range batch.Marks {
			if found[p], err = ReadMark(ctx, c.js, p); err != nil {
				return false, err
			}
		}
		switch result, stale := judge(batch, marks, found); result {
		case isStale:
			return false, &Stale{Partitions: stale}
		case isStored:
			adopt(marks, found)
			return true, nil
		case notStored:
			return false, nil
		}
	}
}

// positions are the marks of a batch that was stored with a last sequence. They
// are its last messages, and a batch is stored without gaps.
func positions(batch *plan.Batch, partitions []int, last uint64) map[int]Mark {
	marks := map[int]Mark{}
	first := last - uint64(len(partitions)) + 1
	for i, p := range partitions {
		marks[p] = Mark{Mark: batch.Marks[p], Sequence: first + uint64(i)}
	}
	return marks
}

// adopt takes over marks that a stored batch has moved.
func adopt(marks, moved map[int]Mark) {
	for p, mark := range moved {
		marks[p] = mark
	}
}
