package api

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/gofiber/contrib/websocket"
)

const (
	pingEvery = 20 * time.Second
	// silence is how long a client may say nothing: it misses two pings.
	silence = 2*pingEvery + writeTimeout
	// goodbye is how long a close message may take.
	goodbye   = time.Second
	goingAway = "the gateway is going away"
	// readLimit bounds what a client may send: it has nothing to say.
	readLimit = 1 << 10
)

// session is a viewer on a WebSocket. The goroutine that serves it writes; one
// more reads, for pings and for the end; one sends pings; one looks whether the
// client still may.
type session struct {
	*viewer
	conn *websocket.Conn

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
	code, reason := websocket.CloseTryAgainLater, s.watch(inner, s)
	if ctx.Err() != nil {
		code, reason = websocket.CloseGoingAway, goingAway
	} else if revoked := revocation(inner); revoked != nil {
		code, reason = websocket.ClosePolicyViolation, revoked.Error()
	}
	cancel(nil)
	s.close(code, reason)
	others.Wait()
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

func (s *session) event(_ uint64, text []byte) error { return s.send(text) }
func (s *session) reset(_ uint64, text []byte) error { return s.send(text) }
func (s *session) flush() error                      { return nil }

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
