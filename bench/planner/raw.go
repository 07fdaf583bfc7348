package planner

import (
	"context"
	"strconv"
	"time"

	"github.com/carillon-cron/carillon/bench/process"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

// rawBatch is how many runs stand in one batch, beside a mark: the most that
// JetStream takes.
const rawBatch = 999

// raw stores the runs of n jobs in RUNS as fast as the server takes them: the
// messages that a planner makes, but made in advance. It returns runs per second,
// and leaves RUNS empty.
func (s *server) raw(ctx context.Context, n int, say Say) (float64, error) {
	batches := rawBatches(n)
	if err := s.Empty(ctx, topology.RunsStream); err != nil {
		return 0, err
	}
	cpu, start, mark := process.CPU(s.PID), time.Now(), uint64(0)
	for _, batch := range batches {
		ack, err := s.commit(ctx, append(batch, rawMark(mark)))
		if err != nil {
			return 0, err
		}
		mark = ack.Sequence
	}
	took := time.Since(start)
	say("  stored in %s, with %.1f s of CPU time in the server", took.Round(time.Millisecond), process.CPU(s.PID)-cpu)
	return float64(n) / took.Seconds(), s.Empty(ctx, topology.RunsStream)
}

func (s *server) commit(ctx context.Context, batch []*nats.Msg) (*jetstreamext.BatchAck, error) {
	publisher, err := jetstreamext.NewBatchPublisher(s.JS, jetstreamext.BatchFlowControl{})
	if err != nil {
		return nil, err
	}
	last := len(batch) - 1
	for _, msg := range batch[:last] {
		if err := publisher.AddMsg(msg); err != nil {
			return nil, err
		}
	}
	return publisher.CommitMsg(ctx, batch[last])
}

func rawBatches(n int) [][]*nats.Msg {
	jobs, now, batches := newStock(), time.Now().UTC(), [][]*nats.Msg{}
	for i := range n {
		if i%rawBatch == 0 {
			batches = append(batches, make([]*nats.Msg, 0, rawBatch+1))
		}
		last := &batches[len(batches)-1]
		*last = append(*last, rawRun(jobs.definition(i, jobs.yearly(i), now), now))
	}
	return batches
}

// rawRun is the message of a run, with the header that lets nothing else of its
// job be in flight.
func rawRun(def *wire.Definition, now time.Time) *nats.Msg {
	run := wire.Run{
		ID:   carillon.NewRunID(def.ID, carillon.KindSchedule, now),
		Kind: carillon.KindSchedule, FireTime: now, PlannedAt: now, Attempt: 1,
	}
	return &nats.Msg{
		Subject: topology.Ready(def.ID, def.Queue), Data: wire.Encode(def.Call()),
		Header: nats.Header{
			wire.RunHeader:                          {string(wire.Encode(run))},
			jetstream.ExpectedLastSubjSeqHeader:     {"0"},
			jetstream.ExpectedLastSubjSeqSubjHeader: {topology.InFlight(def.ID)},
		},
	}
}

func rawMark(expected uint64) *nats.Msg {
	return &nats.Msg{
		Subject: topology.Mark(0), Data: wire.Encode(wire.Mark{Planner: "bench"}),
		Header: nats.Header{
			jetstream.MsgRollup:                 {jetstream.MsgRollupSubject},
			jetstream.ExpectedLastSubjSeqHeader: {strconv.FormatUint(expected, 10)},
		},
	}
}
