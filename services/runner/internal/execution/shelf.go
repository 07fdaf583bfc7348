package execution

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// shelfWait bounds a reading and a removal.
const shelfWait = 5 * time.Second

// Shelf is where retries are parked: messages of the stream of runs that the
// server turns into ready ones when they are due. Until then no consumer has
// them, so they are read in place. One that becomes ready in between is not found,
// or not there any more, and neither is a fault. Safe for concurrent use.
type Shelf struct{ js jetstream.JetStream }

// NewShelf returns the shelf of a JetStream.
func NewShelf(js jetstream.JetStream) *Shelf { return &Shelf{js: js} }

// Each calls handle with every retry whose subject matches filter, oldest first,
// until one fails. A replica that lags may leave out the newest.
func (s *Shelf) Each(ctx context.Context, filter string, handle func(*nats.Msg) error) error {
	for from := uint64(1); ; {
		msg, err := s.next(ctx, filter, from)
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
			return nil
		case err != nil:
			return fmt.Errorf("read parked retries: %w", err)
		}
		if err := handle(&nats.Msg{Subject: msg.Subject, Header: msg.Header, Data: msg.Data}); err != nil {
			return err
		}
		from = msg.Sequence + 1
	}
}

func (s *Shelf) next(ctx context.Context, filter string, from uint64) (*jetstream.RawStreamMsg, error) {
	ctx, cancel := context.WithTimeout(ctx, shelfWait)
	defer cancel()
	stream, err := s.js.Stream(ctx, topology.RunsStream)
	if err != nil {
		return nil, err
	}
	return stream.GetMsg(ctx, from, jetstream.WithGetMsgSubject(filter))
}

// Remove takes a run's retry away, if there is one. Its subject is that of
// topology.Retry.
func (s *Shelf) Remove(ctx context.Context, subject string) error {
	ctx, cancel := context.WithTimeout(ctx, shelfWait)
	defer cancel()
	stream, err := s.js.Stream(ctx, topology.RunsStream)
	if err == nil {
		err = stream.Purge(ctx, jetstream.WithPurgeSubject(subject))
	}
	if err != nil {
		return fmt.Errorf("remove parked retry: %w", err)
	}
	return nil
}
