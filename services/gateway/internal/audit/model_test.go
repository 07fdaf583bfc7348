package audit

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/google/uuid"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func spec(s schedule.Spec) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return text
}

func every(d time.Duration) []byte { return spec(schedule.Spec{Every: schedule.Duration(d)}) }

// sourceOf yields the elements of a list.
func sourceOf[T any](all []T) Source[T] {
	return func() (T, error) {
		if len(all) == 0 {
			var none T
			return none, io.EOF
		}
		next := all[0]
		all = all[1:]
		return next, nil
	}
}

// compare audits what is in no order at all. It copies the revisions, which an
// audit writes to.
func compare(t *testing.T, w Window, pauses []Pause, revisions []Revision, rows []Row) Report {
	t.Helper()
	var copies []*Revision
	for _, r := range revisions {
		copies = append(copies, &r)
	}
	slices.SortFunc(copies, func(a, b *Revision) int {
		return cmp.Or(bytes.Compare(b.Job[:], a.Job[:]), cmp.Compare(b.Number, a.Number))
	})
	rows = slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return r.At.Before(w.From) || !r.At.Before(w.To) })
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(bytes.Compare(b.Job[:], a.Job[:]), a.At.Compare(b.At), bytes.Compare(a.ID[:], b.ID[:]))
	})
	report, err := Compare(w, pauses, sourceOf(copies), ledgerOf(rows))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// ledgerOf does what Postgres would with ordered rows.
func ledgerOf(rows []Row) Ledger {
	sums := map[Digest]Tally{}
	for _, r := range rows {
		at := r.At
		if r.Backfill {
			at = at.Add(time.Microsecond)
		}
		key := Digest{Job: r.Job, Revision: r.Revision, State: r.State}
		sums[key] = sums[key].Plus(Tally{1, Fingerprint(r.ID, at)})
	}
	var digests []Digest
	for d, sum := range sums {
		d.Tally = sum
		digests = append(digests, d)
	}
	slices.SortFunc(digests, func(a, b Digest) int { return bytes.Compare(b.Job[:], a.Job[:]) })
	return Ledger{Digests: sourceOf(digests), Rows: func(jobs []uuid.UUID) Source[Row] {
		return sourceOf(slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return !slices.Contains(jobs, r.Job) }))
	}}
}
