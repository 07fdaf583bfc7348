package intake

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
)

// keep looks after the intake until ctx ends: that the consumer is there, and
// that whatever is free has been asked for.
func (in *Intake) keep(ctx context.Context) {
	conn := in.config.Conn
	connected := conn.StatusChanged(nats.CONNECTED)
	defer conn.RemoveStatusListener(connected)
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	in.ensure(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-connected:
			in.forget()
			in.ensure(ctx)
		case <-in.refresh:
			in.ensure(ctx)
		case now := <-ticker.C:
			in.look(ctx, now)
		}
	}
}

// ensure makes sure of the consumer, and asks.
func (in *Intake) ensure(ctx context.Context) {
	err := in.config.Ensure(ctx)
	if err != nil && ctx.Err() == nil {
		slog.Warn("consumer not ready", "consumer", in.config.Consumer, "error", err)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.open = err == nil
	in.askIfWorth()
}

// look is the regular care: requests whose end got lost, a consumer that is gone.
func (in *Intake) look(ctx context.Context, now time.Time) {
	in.mu.Lock()
	in.credit.expire(now)
	open := in.open
	in.askIfWorth()
	in.mu.Unlock()
	in.keepPin(now)
	if !open {
		in.ensure(ctx)
	}
}

// forget drops what was asked of a server that is gone.
func (in *Intake) forget() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.credit.reset()
}

// sign tells the server, until done is closed, of every message that is being
// handled. Three signs fit into an ack wait, so one of them may get lost.
func (in *Intake) sign(done <-chan struct{}) {
	ticker := time.NewTicker(in.config.AckWait / 3)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
			for _, msg := range in.inHand() {
				_ = msg.InProgress() // fails if answered meanwhile, or while disconnected
			}
		}
	}
}

func (in *Intake) inHand() []*nats.Msg {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Collect(maps.Keys(in.handled))
}
