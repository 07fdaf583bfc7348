// Package cancellation knows which runs are to be stopped, and stops those in
// hand.
//
// Whoever cancels writes an order into the controls bucket. Every runner follows
// the bucket, so an order reaches a run wherever it is:
//
//	controls ──▶ follower ─┬─▶ set ──────▶ the context of a run in hand ends
//	                       │    └────────▶ a run delivered later has ended before its call
//	                       └─▶ withdraw ─▶ a parked retry ends now, not when it is due
//
// The set comes first: by the time that somebody looks for a parked retry, no
// run in hand can park another one unseen. A run looks at the set when it is
// delivered and again after it has parked a retry; so either it sees the order,
// or the search that follows the order sees the retry.
//
// A runner takes no run before it knows all orders, so an order also holds for
// what is delivered after a restart. Every runner acts on every order. Two that
// find the same retry say the same of it twice, which the ledger takes; in
// exchange nobody has to find out who is alive.
//
// Orders that come while NATS is away are heard when it is back. A call that
// began in between is stopped then. An order is remembered for as long as the
// bucket keeps it, whose size bounds what a runner holds.
package cancellation

import (
	"errors"
	"fmt"

	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// Order is a cancellation as the bucket holds it.
type Order struct {
	// Run is the run that is meant; Nil means the earlier runs of the job.
	Run uuid.UUID
	wire.Cancel
}

// Covers reports whether a run of a job is meant.
func (o *Order) Covers(job uuid.UUID, run *wire.Run) bool {
	if o.Run != uuid.Nil {
		return o.Run == run.ID
	}
	return o.JobID == job && o.Cancel.Covers(run)
}

// Parked matches, among the subjects of runs, the retries that may be meant.
func (o *Order) Parked() string {
	if o.Run != uuid.Nil {
		return topology.ParkedRun(o.JobID, o.Run)
	}
	return topology.ParkedRuns(o.JobID)
}

// key names what an order is about: of two with the same key the newer holds.
func (o *Order) key() key { return key{run: o.Run, job: o.JobID} }

type key struct{ run, job uuid.UUID }

// read parses an entry of the bucket.
func read(subject string, data []byte) (Order, error) {
	body, err := wire.Decode[wire.Cancel](data)
	if err != nil {
		return Order{}, err
	}
	if run, ok := topology.CancelledRun(subject); ok {
		return Order{Run: run, Cancel: body}, checkRun(run, &body)
	}
	if job, ok := topology.CancelledJob(subject); ok {
		return Order{Cancel: body}, checkJob(job, &body)
	}
	return Order{}, errors.New("neither a run nor a job is named")
}

func checkRun(run uuid.UUID, body *wire.Cancel) error {
	if run == uuid.Nil || body.JobID == uuid.Nil {
		return errors.New("no id")
	}
	return nil
}

func checkJob(job uuid.UUID, body *wire.Cancel) error {
	switch {
	case job == uuid.Nil || body.JobID != job:
		return fmt.Errorf("job %s under the key of job %s", body.JobID, job)
	case body.Before.IsZero() || body.At.IsZero():
		return errors.New("no instant")
	}
	return nil
}
