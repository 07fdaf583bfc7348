package execution

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/services/runner/internal/memory"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
)

// pinHeader is in the messages of a queue with a rate, by which the server names
// the runner that it serves.
const pinHeader = "Nats-Pin-Id"

// delivery is a ready message in the hands of this runner.
type delivery struct {
	msg   *nats.Msg
	run   wire.Run
	call  *prepared       // shared with other deliveries: never changed
	times int             // how often the attempt has been delivered, now included
	work  context.Context // ends with the runner; carries the run's trace
	ctx   context.Context // comes of work; ends when the run is cancelled, too
	trace string          // the traceparent to hand on, or ""

	called bool // a call was made
}

// read parses a ready message. An error means that it can never be called.
func (w *Worker) read(msg *nats.Msg) (*delivery, error) {
	meta, err := msg.Metadata()
	if err != nil {
		return nil, err
	}
	d, err := w.parse(msg)
	if err != nil {
		return nil, err
	}
	d.times = d.run.Redelivered + int(meta.NumDelivered)
	return d, nil
}

// parse reads what a ready message and a parked one both hold.
func (w *Worker) parse(msg *nats.Msg) (*delivery, error) {
	run, err := wire.Decode[wire.Run]([]byte(msg.Header.Get(wire.RunHeader)))
	if err != nil {
		return nil, err
	}
	call, err := w.calls.decode(msg.Data)
	if err != nil {
		return nil, err
	}
	return &delivery{msg: msg, run: run, call: call}, check(run, call.Call)
}

// check makes sure of what a run is known by and what its subjects are made of.
func check(run wire.Run, call *wire.Call) error {
	switch {
	case run.ID == uuid.Nil || call.JobID == uuid.Nil:
		return errors.New("no id")
	case run.Attempt < 1:
		return fmt.Errorf("attempt %d", run.Attempt)
	case !topology.IsToken(call.Namespace) || !topology.IsToken(call.Queue):
		return fmt.Errorf("namespace %q, queue %q", call.Namespace, call.Queue)
	}
	return nil
}

func (d *delivery) key() memory.Key {
	return memory.Key{Run: d.run.ID, Attempt: d.run.Attempt, Hold: d.run.Holds, Waited: d.run.Wait != nil}
}

// begin notes the start of the first attempt.
func (d *delivery) begin(now time.Time) {
	if d.run.StartedAt.IsZero() {
		observeStart(d.run, now)
		d.run.StartedAt = now
	}
}

// expires reports whether the run may still expire, for it has not been called, and
// after which instant it has waited for its first call for longer than its job wants.
func (d *delivery) expires() (after time.Time, ok bool) {
	deadline := time.Duration(d.call.Deadline)
	return d.run.PlannedAt.Add(deadline), deadline > 0 && d.times == 1 && d.run.Attempt == 1
}

func (d *delivery) overdue(now time.Time) bool {
	after, ok := d.expires()
	return ok && now.After(after)
}

// paced reports whether the message comes from a queue with a rate.
func (d *delivery) paced() bool { return d.msg.Header.Get(pinHeader) != "" }
