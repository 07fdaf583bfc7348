package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go/jetstream"
)

// message is one to be published when the system is restored.
type message struct {
	Subject string `json:"subject"`
	Data    []byte `json:"data"`
}

// inFlight is why a run ends as lost.
const inFlight = "was in flight when the backup was made that the system was restored from"

// saveMessages writes what is on its way to the ledger. RUNS comes first: what leaves
// it meanwhile is in OUTCOMES by then.
func (s *saving) saveMessages(ctx context.Context, out io.Writer) error {
	to, now := json.NewEncoder(out), time.Now().UTC()
	err := s.eachRun(ctx, chase, func(msg *bus.Stored) error {
		if message, ok := lost(msg, now); ok {
			return to.Encode(message)
		}
		return nil // nobody can read it, so nobody could act on it
	})
	if err != nil {
		return err
	}
	for _, family := range []struct {
		stream, filter string
		convert        func(*bus.Stored) (message, bool)
	}{
		{topology.RunsStream, topology.AllSkips, skipped},
		{topology.OutcomesStream, ">", asItIs},
		{topology.SignalsStream, ">", heard},
		{topology.AlertsStream, ">", asItIs},
	} {
		_, err := s.each(ctx, family.stream, family.filter, 1, chase, func(msg *bus.Stored) error {
			if message, ok := family.convert(msg); ok {
				return to.Encode(message)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// chase is for how long messages are read that came after the reading began. What
// was there when it began may be parked meanwhile, and so come again behind the rest.
const chase = time.Minute

// eachRun handles every run that is in RUNS when it begins, if it is still there when
// its turn comes, some twice. What is parked after the chase comes behind its end; so
// of what is there, all that was ever parked is read to its last.
func (s *saving) eachRun(ctx context.Context, chase time.Duration, handle func(*bus.Stored) error) error {
	end, err := s.each(ctx, topology.RunsStream, topology.QueueRuns("*"), 1, chase, handle)
	if err == nil && end < exhausted {
		_, err = s.each(ctx, topology.RunsStream, topology.MovedRuns, end+1, math.MaxInt64, handle)
	}
	return err
}

// exhausted is the end of what was read as far as it goes.
const exhausted = math.MaxUint64

// each handles the messages of a family that its stream holds from a sequence on, as
// the stream's leader has it, and takes none away: consumers of a work queue would. It
// returns the sequence up to which it has read.
func (s *saving) each(ctx context.Context, name, filter string, next uint64, chase time.Duration, handle func(*bus.Stored) error) (uint64, error) {
	stream, err := s.js.Stream(ctx, name)
	if err != nil {
		return 0, fmt.Errorf("stream %s: %w", name, err)
	}
	end, began := uint64(exhausted), time.Now()
	for next <= end {
		msg, err := s.next(ctx, name, filter, next)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return exhausted, nil
		}
		if err == nil && msg.Sequence > end {
			break
		}
		if err == nil {
			err = handle(msg)
		}
		if err == nil && end == exhausted && time.Since(began) > chase {
			end, err = last(ctx, stream)
		}
		if err != nil {
			return 0, fmt.Errorf("stream %s: %w", name, err)
		}
		next = msg.Sequence + 1
	}
	return end, nil
}

// last is the sequence that a stream has come to.
func last(ctx context.Context, stream jetstream.Stream) (uint64, error) {
	info, err := stream.Info(ctx)
	if err != nil {
		return 0, err
	}
	return info.State.LastSeq, nil
}

func asItIs(msg *bus.Stored) (message, bool) { return message{msg.Subject, msg.Data}, true }

// heard is a ping, with the instant at which the stream took it.
func heard(msg *bus.Stored) (message, bool) {
	ping, err := wire.Decode[wire.Ping](msg.Data)
	if ping.At.IsZero() {
		ping.At = msg.Time
	}
	return message{msg.Subject, wire.Encode(ping)}, err == nil
}

// skipped is the news of a fire decided against: its body is the outcome.
func skipped(msg *bus.Stored) (message, bool) {
	outcome, err := wire.Decode[wire.Outcome](msg.Data)
	return finished(outcome), err == nil
}

// lost is the end of a run that waits, or is being called.
func lost(msg *bus.Stored, now time.Time) (message, bool) {
	run, err := wire.Decode[wire.Run]([]byte(msg.Header.Get(wire.RunHeader)))
	if err != nil {
		return message{}, false
	}
	call, err := wire.Decode[wire.Call](msg.Data)
	outcome := wire.NewOutcome(run, call, carillon.StateLost)
	outcome.Reason, outcome.StartedAt, outcome.FinishedAt = inFlight, run.StartedAt, now
	outcome.Attempts = max(0, run.Attempt-1)
	return finished(outcome), err == nil
}

func finished(outcome wire.Outcome) message {
	return message{topology.Outcome(outcome.Namespace, outcome.JobID, topology.EventFinished), wire.Encode(outcome)}
}
