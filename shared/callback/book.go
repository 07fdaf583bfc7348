// Package callback lets a target that has taken a run on say later how it went.
//
// A target that answers 202 calls back, at an address that the call carried. Until
// then its run is parked in the stream of runs, as a message that comes back when
// the time for the callback is over:
//
//	runner ── 202 ──▶ parked ──time is over──────────────────▶ callback message ─▶ runner
//	                    └──────▲──woken by a report, at once──▶
//	                           │
//	target ─▶ gateway ─▶ report in the book
//
// The book says how a wait ended: one report for each attempt of a run, which
// whoever comes first enters, and nobody changes. The gateway enters what the
// target says; the runner that finds the time over enters that. So callback and
// timeout, or two callbacks, cannot both count, and whoever acts on a wait's end,
// once or again, acts on the same report.
//
// A callback may be quicker than the parking, or its runner may die in between.
// So both sides write first and look afterwards: the gateway enters the report,
// then looks for the parked run; the runner parks the run, then looks for a
// report. One of them sees the other. Both ask the leader, for a replica may lag.
//
// To wake a run is to do what the server does when the time is over: one publish
// stores the message and removes the parked one. It is refused if that is not there
// any more, so a wait ends in one message.
//
// An address ends in a token: what it is for and until when, and a signature. It
// can be told from a forgery without asking anybody, and the same attempt that is
// called again gets the same rights. The secret is made by whoever first opens the
// book, and kept there: it is worth no more than what lies beside it, for whoever
// reads NATS can write outcomes as well. Should it be lost without the runs, with its
// bucket alone, whoever has the book open goes on with the lost one, and whoever opens
// it later makes another: the processes that have it open are to be restarted.
package callback

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// kept is how long a report is there for a run that nobody gets at: a day for
	// its wait, and one in which no runner lives.
	kept = 48 * time.Hour
	// keptAfter is how long it is there beyond the longest that the attempt could
	// last, once the run has been told of it: a token is good for some minutes
	// longer, and a message that was not acknowledged comes again.
	keptAfter = time.Hour
	// answerWait bounds each question.
	answerWait = 5 * time.Second
)

// Book holds the reports. It is safe for concurrent use.
type Book struct {
	js      jetstream.JetStream
	reports jetstream.KeyValue
	secret  []byte
}

// Open returns the book of a JetStream. It fails if the server cannot be reached,
// or has no bucket of callbacks yet.
func Open(ctx context.Context, js jetstream.JetStream) (*Book, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	reports, err := js.KeyValue(ctx, topology.CallbacksBucket)
	if err != nil {
		return nil, fmt.Errorf("bucket %s: %w", topology.CallbacksBucket, err)
	}
	b := &Book{js: js, reports: reports, secret: make([]byte, 32)}
	_, _ = rand.Read(b.secret) // never fails
	_, err = reports.Create(ctx, topology.CallbackSecretKey, b.secret)
	if errors.Is(err, jetstream.ErrKeyExists) {
		b.secret, err = b.last(ctx, topology.CallbackSecretKey)
	}
	return b, err
}

// Token returns the token of a ticket, a part of an address.
func (b *Book) Token(t Ticket) string { return sign(b.secret, t) }

// Read returns the ticket of a token, or fails with [ErrUnknown]. It asks nobody.
func (b *Book) Read(token string) (Ticket, error) { return verify(b.secret, token) }

// Enter enters a report on an attempt of a run, and returns the one that stands:
// this one, or one that was there before.
func (b *Book) Enter(ctx context.Context, run uuid.UUID, attempt int, report wire.Report) (stands wire.Report, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	key := topology.CallbackKey(run, attempt)
	_, err = b.reports.Create(ctx, key, wire.Encode(report), jetstream.KeyTTL(kept))
	if err == nil {
		return report, nil
	}
	if !errors.Is(err, jetstream.ErrKeyExists) {
		return stands, fmt.Errorf("enter report: %w", err)
	}
	data, err := b.last(ctx, key)
	if err != nil {
		return stands, fmt.Errorf("read report: %w", err)
	}
	return wire.Decode[wire.Report](data)
}

// Find returns the report on an attempt of a run; false if there is none.
func (b *Book) Find(ctx context.Context, run uuid.UUID, attempt int) (report wire.Report, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	data, err := b.last(ctx, topology.CallbackKey(run, attempt))
	if errors.Is(err, jetstream.ErrMsgNotFound) || err == nil && len(data) == 0 { // none yet, or one that has expired
		return report, false, nil
	}
	if err == nil {
		report, err = wire.Decode[wire.Report](data)
	}
	return report, err == nil, err
}

func (b *Book) last(ctx context.Context, key string) ([]byte, error) {
	stored, err := bus.Last(ctx, b.js.Conn(), topology.CallbacksStream, topology.CallbackSubject(key))
	if err != nil {
		return nil, err
	}
	return stored.Data, nil
}

// Told returns a message that shortens the life of a report which has done its
// work, to that of the token: whoever says the opposite is told so till then. An
// attempt lasts for longest at most. Nobody misses the message if it is lost.
func Told(run uuid.UUID, attempt int, report wire.Report, longest time.Duration) *nats.Msg {
	return &nats.Msg{
		Subject: topology.CallbackSubject(topology.CallbackKey(run, attempt)), Data: wire.Encode(report),
		Header: nats.Header{jetstream.MsgTTLHeader: {(longest + keptAfter).String()}},
	}
}
