package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/feed"
	"github.com/carillon-cron/carillon/services/gateway/internal/ring"
	"github.com/gofiber/contrib/websocket"
)

const (
	writeTimeout = 10 * time.Second
	pingEvery    = 20 * time.Second
	// silence is how long a client may say nothing: it misses two pings.
	silence = 2*pingEvery + writeTimeout
	// goodbye is how long a close message may take.
	goodbye = time.Second
	// readLimit bounds what a client may send: it has nothing to say.
	readLimit = 1 << 10
	// chunk is how many events a session takes from the ring at once.
	chunk = 256
)

// session is one client of the feed. The goroutine that serves it writes; one
// more reads, for pings and for the end; one sends pings; one looks whether the
// client still may.
type session struct {
	filter feedFilter
	events *feed.Reader
	conn   *websocket.Conn
	valid  func(context.Context) error // nil while the client may go on
	sent   uint64                      // sequence of the last event that the client has been sent or spared

	mu      sync.Mutex
	closing bool
}

// run serves the client until it goes, until it is too slow, or until ctx ends.
// The connection must not be used any more when run returns, so it waits for
// the other goroutines.
func (s *session) run(ctx context.Context) {
	inner, cancel := context.WithCancelCause(ctx)
	var others sync.WaitGroup
	others.Go(func() { s.listen(func() { cancel(nil) }) })
	others.Go(func() { s.ping(inner) })
	others.Go(func() { s.revalidate(inner, cancel) })
	code, reason := s.write(inner)
	if revoked, ok := errors.AsType[*revokedError](context.Cause(inner)); ok {
		code, reason = websocket.ClosePolicyViolation, revoked.Error()
	}
	if ctx.Err() != nil {
		code, reason = websocket.CloseGoingAway, "the gateway is going away"
	}
	cancel(nil)
	s.close(code, reason)
	others.Wait()
}

// revalidateEvery is how soon a client feels that its key was revoked.
const revalidateEvery = time.Second

// revokedError says why a client may not go on.
type revokedError struct{ error }

// revalidate ends with ctx, or ends it when the client may not go on.
func (s *session) revalidate(ctx context.Context, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(revalidateEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := s.valid(ctx); err != nil {
				cancel(&revokedError{err})
			}
		case <-ctx.Done():
			return
		}
	}
}

// listen ends with the connection, or when the session closes.
func (s *session) listen(cancel context.CancelFunc) {
	defer cancel()
	s.conn.SetReadLimit(readLimit)
	s.conn.SetPongHandler(func(string) error { return s.heard() })
	_ = s.heard() // fails only on a closed connection, which the read tells too
	for {
		if _, _, err := s.conn.ReadMessage(); err != nil {
			return
		}
	}
}

// heard gives the client more time, unless it has none left.
func (s *session) heard() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil
	}
	return s.conn.SetReadDeadline(time.Now().Add(silence))
}

// ping ends with ctx, and then cuts a write short that is stuck.
func (s *session) ping(ctx context.Context) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTimeout)) // a dead client is found by its silence
		case <-ctx.Done():
			_ = s.conn.NetConn().SetWriteDeadline(time.Now().Add(goodbye))
			return
		}
	}
}

// write sends events until it cannot, and returns what to tell the client.
func (s *session) write(ctx context.Context) (code int, reason string) {
	buffer := make([]*feed.Event, 0, chunk)
	for {
		events, err := s.events.Next(ctx, buffer)
		var reset *ring.Reset
		switch {
		case errors.As(err, &reset):
			err = s.send(resetText(reset))
			s.sent = reset.Sequence
		case errors.Is(err, ring.ErrOvertaken):
			return websocket.CloseTryAgainLater, fmt.Sprintf("too slow: reconnect with since=%d", s.sent)
		case err == nil:
			err = s.sendEvents(events)
		}
		if err != nil {
			return websocket.CloseTryAgainLater, "too slow: a write took more than " + writeTimeout.String()
		}
	}
}

func (s *session) sendEvents(events []*feed.Event) error {
	for _, event := range events {
		if s.filter.admits(event) && event.Text() != nil {
			if err := s.send(event.Text()); err != nil {
				return err
			}
		}
		s.sent = event.Sequence
	}
	return nil
}

func (s *session) send(text []byte) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	return s.conn.WriteMessage(websocket.TextMessage, text)
}

// close says why, if the client still takes it, and ends the reading.
func (s *session) close(code int, reason string) {
	message := websocket.FormatCloseMessage(code, reason)
	if err := s.conn.WriteControl(websocket.CloseMessage, message, time.Now().Add(goodbye)); err == nil {
		slog.Debug("feed client closed", "code", code, "reason", reason)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true
	_ = s.conn.SetReadDeadline(time.Now())
}
