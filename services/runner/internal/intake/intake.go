// Package intake takes messages from a pull consumer, exactly as many as there
// is room for.
//
// A client that fetches ahead would hold, in a buffer, messages that count
// against the consumer's MaxAckPending: slots of a queue's limit that no call
// uses and no other runner gets. So an intake asks only for messages that can
// be handled at once, by the protocol's own terms: a pull request names a number,
// and the server sends at most so many.
//
//	free slots ──request──▶ server ──message──▶ handle ──returns──▶ free slots
//
// While a message is being handled, the server is told so well within the ack
// wait, by one ticker for all. The handler answers the message (acknowledges it
// or hands it back); its return frees the slot.
//
// The stock ways of nats.go do not fit: Consume and Messages fetch ahead, and
// Fetch makes a subscription and a goroutine for each request.
//
// # Pace
//
// Where a consumer has a rate, an intake also has a [Pace]: it asks for no more
// than there are tokens for, so a message that the rate holds back waits at the
// server. The count is exact because one intake is served at a time, the one that
// the consumer is pinned to:
//
//	                ┌── asks for one ──▶ message with a pin
//	not served ─────┤                         │ no tokens: the message waits for its own
//	     ▲          └─────────────────────────▼
//	     └───── 423, by the server ───── served: asks as tokens come, and keeps the pin
//
// Who is served keeps its pin while it has room, by a request a second; so it
// keeps its tokens too. One that dies, or is full, loses it to another after the
// consumer's PinnedTTL. The next one begins without tokens, so that both together
// never exceed what one may take. The message that tells it so is the only one that
// waits here.
//
// One that was frozen or cut off and comes back can have messages on the wire from
// before, at most a burst, and handles them beside the next one.
//
// An intake outlives whatever happens to its server. Requests die with a
// connection, and are made again after a reconnect; they expire, and so heal a
// miscount; where the consumer is gone, it is made again. A message that arrives
// over the limit, which takes a rare race with a reconnect, is handled all
// the same: the server's own limit holds in any case.
package intake

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	// tick is how often an intake looks after itself.
	tick = time.Second
	// expiry is how long the server keeps a request.
	expiry = 5 * time.Second
	// grace is how much longer its word of that may take.
	grace = time.Second
	// collect is how long a free slot may wait for others before it is asked
	// for: far below any call, and long enough to make one request of many.
	collect = time.Millisecond
	// drainWait bounds the wait for messages that are on the wire at the end.
	drainWait = 2 * time.Second
)

// Config is what an intake is made for.
type Config struct {
	Conn *nats.Conn
	// Stream and Consumer name the durable pull consumer.
	Stream, Consumer string
	// Ensure makes the consumer, or changes it to what it should be. It is
	// called at the start, after [Intake.Refresh], and when the consumer is gone;
	// again every second until it succeeds.
	Ensure func(context.Context) error
	// AckWait is the consumer's.
	AckWait time.Duration
	// Limit is the most messages at once.
	Limit int
	// Handle answers a message, and reports whether it made use of it, so that it
	// counts against the pace. It is called from a goroutine of its own.
	Handle func(*nats.Msg) (used bool)
}

// Intake takes messages from one consumer.
type Intake struct {
	config  Config
	inbox   string
	request string // the subject of pull requests
	refresh chan struct{}
	ended   chan struct{} // closed at the end
	work    chan *nats.Msg

	mu      sync.Mutex
	credit  credit
	pace    *pace // nil: without limit
	open    bool  // asking: the consumer is there
	closing bool
	late    *time.Timer // asks for what was collected
	armed   bool        // late is running
	handled map[*nats.Msg]struct{}
	running sync.WaitGroup
}

// New returns an intake that does nothing until it is run.
func New(config Config) *Intake {
	in := &Intake{
		config: config, inbox: config.Conn.NewInbox(),
		request: "$JS.API.CONSUMER.MSG.NEXT." + config.Stream + "." + config.Consumer,
		refresh: make(chan struct{}, 1),
		ended:   make(chan struct{}),
		work:    make(chan *nats.Msg),
		credit:  credit{limit: config.Limit},
		handled: make(map[*nats.Msg]struct{}),
	}
	in.late = time.AfterFunc(time.Hour, in.askLate)
	in.late.Stop()
	return in
}

// SetLimit changes the most messages at once. A lower limit is reached as
// messages are done.
func (in *Intake) SetLimit(limit int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.credit.limit = limit
	in.askIfWorth()
}

// Refresh has Ensure called again, soon.
func (in *Intake) Refresh() {
	select {
	case in.refresh <- struct{}{}:
	default:
	}
}

// Run takes messages until ctx ends, and returns once every one of them has
// been handled. Messages that arrive after the end are handed back at once.
func (in *Intake) Run(ctx context.Context) {
	sub, err := in.config.Conn.Subscribe(in.inbox, in.receive)
	if err != nil {
		slog.Error("intake not opened", "consumer", in.config.Consumer, "error", err) // the connection was closed
		return
	}
	drained, done := make(chan struct{}), make(chan struct{})
	sub.SetClosedHandler(func(string) { close(drained) })
	go in.sign(done)
	defer close(done)
	in.keep(ctx)
	in.close()
	if err := sub.Drain(); err == nil {
		await(drained, drainWait)
	}
	in.letGo()
	in.running.Wait()
}

// receive gets everything that the server sends to the inbox.
func (in *Intake) receive(msg *nats.Msg) {
	if msg.Reply == "" {
		in.status(msg)
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closing {
		_ = msg.Nak() // unanswered, it comes back after the ack wait all the same
		return
	}
	in.credit.returned(1)
	in.credit.busy++
	wait := in.admit(msg)
	in.askIfWorth()
	in.handled[msg] = struct{}{}
	if wait > 0 {
		in.running.Go(func() { in.hold(msg, wait) })
		return
	}
	select {
	case in.work <- msg:
	default: // nobody idles
		in.running.Go(func() { in.labour(msg) })
	}
}

// labour handles a message, and then others until the intake ends. A goroutine
// that is used again has its stack grown already; with HTTP calls that counts.
func (in *Intake) labour(msg *nats.Msg) {
	for more := true; more; msg, more = <-in.work {
		in.handle(msg)
	}
}

func (in *Intake) handle(msg *nats.Msg) {
	in.done(msg, in.config.Handle(msg))
}

// done frees the slot of a message.
func (in *Intake) done(msg *nats.Msg, used bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.pace != nil && !used {
		in.pace.giveBack(msg.Header.Get(pinHeader), time.Now())
	}
	delete(in.handled, msg)
	in.credit.busy--
	in.askIfWorth()
}

// askIfWorth asks for what is free, now or in a moment. The lock is held.
func (in *Intake) askIfWorth() {
	switch {
	case in.pace != nil:
		in.askAtPace()
	case in.credit.worth():
		in.ask(in.credit.free())
	case in.credit.waiting() && !in.armed:
		in.armed = true
		in.late.Reset(collect)
	}
}

func (in *Intake) askLate() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.armed = false
	switch {
	case in.pace != nil:
		in.askAtPace()
	case in.credit.waiting():
		in.ask(in.credit.free())
	}
}

// ask requests n messages, for which there is room. If that fails, the next tick
// tries again. The lock is held.
func (in *Intake) ask(n int) {
	if !in.open || in.closing || n == 0 {
		return
	}
	if err := in.config.Conn.PublishRequest(in.request, in.inbox, encode(n, in.pace.terms())); err == nil {
		in.credit.ask(n, time.Now().Add(expiry+grace))
	}
}

// encode writes the body of a pull request; terms are more of its fields.
func encode(batch int, terms string) []byte {
	body := strconv.AppendInt([]byte(`{"batch":`), int64(batch), 10)
	body = strconv.AppendInt(append(body, `,"expires":`...), int64(expiry), 10)
	return append(append(body, terms...), '}')
}

// status reads the server's word on a request.
func (in *Intake) status(msg *nats.Msg) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.unpinned(msg) {
		return
	}
	if left, err := strconv.Atoi(msg.Header.Get("Nats-Pending-Messages")); err == nil {
		in.credit.returned(left) // expired, or given up for a new leader
		in.askIfWorth()
		return
	}
	slog.Debug("pull refused", "consumer", in.config.Consumer, "status", msg.Header.Get("Status"), "description", msg.Header.Get("Description"))
	in.open = false // no such consumer, or nobody there: the next tick ensures it
	in.credit.reset()
}

func (in *Intake) close() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.closing = true
	in.late.Stop()
	close(in.work)
	close(in.ended)
}

func await(done <-chan struct{}, most time.Duration) {
	select {
	case <-done:
	case <-time.After(most):
	}
}
