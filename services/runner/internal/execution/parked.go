package execution

import (
	"context"
	"log/slog"
	"time"

	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
)

const (
	// lastOn, before a subject, asks the stream of runs for its last message there.
	lastOn = "$JS.API.DIRECT.GET." + topology.RunsStream + "."
	// lookWait bounds the wait for the answer.
	lookWait = 2 * time.Second
)

// Server answers requests; a [nats.Conn] is one.
type Server interface {
	RequestWithContext(ctx context.Context, subject string, data []byte) (*nats.Msg, error)
}

// passed reports whether a later turn of a run is parked, or its wait for the
// callback of this one, so that this
// message has only come back for want of an acknowledgement. The answer may lag
// behind the stream, which does no harm: what was parked once is only withdrawn
// from a run that is cancelled, and this one is not.
// Without an answer the run counts as not passed, for a call too many is better
// than none.
func (w *Worker) passed(d *delivery) bool {
	ctx, cancel := context.WithTimeout(d.ctx, lookWait)
	defer cancel()
	last, err := w.Server.RequestWithContext(ctx, lastOn+topology.Retry(d.call.JobID, d.call.Queue, d.run.ID), nil)
	if err != nil {
		slog.Warn("not known whether a retry is parked", "run", d.run.ID, "error", err)
		return false
	}
	parked, err := wire.Decode[wire.Run]([]byte(last.Header.Get(wire.RunHeader))) // nothing there: no such header
	return err == nil && (parked.Attempt > d.run.Attempt || parked.Holds > d.run.Holds || parked.Attempt == d.run.Attempt && parked.Wait != nil)
}
