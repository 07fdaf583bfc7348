package audit

import (
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// Digest sums up the runs of one job, revision and state in a window. The run of a
// backfill is one at the microsecond after its fire time, so that it explains none.
type Digest struct {
	Job      uuid.UUID
	Revision int64
	State    carillon.State
	Tally
}

// Tally stands for a set of runs: how many they are, and the exclusive or of their
// fingerprints. Of two sets that differ, one in 2⁶⁴ pairs has the same.
type Tally struct {
	Count int
	Hash  uint64
}

// Plus is the tally of two sets that have nothing in common.
func (t Tally) Plus(other Tally) Tally { return Tally{t.Count + other.Count, t.Hash ^ other.Hash} }

// expect tallies the runs that the fires of a window call for, by revision.
func (l *line) expect(w Window) {
	for at, r := range l.fires(w.From, w.To) {
		id := carillon.NewRunID(l.job, carillon.KindSchedule, at)
		r.expected = r.expected.Plus(Tally{1, Fingerprint(id, at)})
	}
}

// explainedBy reports whether the rows of the job are those that its fires call
// for, each under its revision, and no others.
func (l *line) explainedBy(digests []Digest) bool {
	for _, d := range digests {
		r := l.revision(d.Revision)
		if r == nil {
			return false
		}
		r.found = r.found.Plus(d.Tally)
	}
	for _, r := range l.revisions {
		if r.found != r.expected {
			return false
		}
	}
	return true
}
