package api

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
)

// keepAlive is how often a stream says that it is there: proxies end what is
// silent, and a client that has gone is found out by a write.
const keepAlive = 15 * time.Second

// stream is a viewer of server-sent events (the HTML standard, 9.2). Two
// goroutines write: what the viewer sends, and the signs of life between.
type stream struct {
	*viewer
	conn net.Conn
	out  chan []byte
	gone <-chan struct{}
	text []byte        // not sent yet
	told atomic.Uint64 // sequence up to which all has been handed on
}

// stream answers a request with events.
func (a *API) stream(ctx huma.Context, v *viewer) {
	c := humafiber.Unwrap(ctx)
	serving, leave, ok := a.sessions.admit(v.key)
	if !ok {
		a.refuse(ctx, huma.NewError(http.StatusTooManyRequests, "too many clients of the feed"))
		return
	}
	c.Set("Content-Type", eventStream)
	c.Set("Cache-Control", "no-cache")
	c.Set("X-Accel-Buffering", "no") // nginx would keep events back
	c.Status(http.StatusOK)
	conn := c.Context().Conn()
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		defer leave()
		serveStream(serving, v, w, conn)
	})
}

// serveStream writes until the client has gone, is too slow, or serving ends.
func serveStream(serving context.Context, v *viewer, w *bufio.Writer, conn net.Conn) {
	ctx, cancel := context.WithCancelCause(serving)
	s := &stream{viewer: v, conn: conn, out: make(chan []byte), gone: ctx.Done()}
	s.told.Store(v.sent)
	ended := make(chan string)
	go func() {
		defer close(ended)
		reason := s.watch(ctx, s)
		select {
		case ended <- reason:
		case <-ctx.Done():
		}
	}()
	var others sync.WaitGroup
	others.Go(func() { v.revalidate(ctx, cancel) })
	defer func() { cancel(nil); <-ended; others.Wait() }()
	tick := time.NewTicker(keepAlive)
	defer tick.Stop()
	text := s.sign("following")
	for s.write(w, text) == nil {
		select {
		case text = <-s.out:
		case <-tick.C:
			text = s.sign("still here")
		case reason := <-ended:
			if serving.Err() != nil {
				reason = goingAway
			} else if revoked := revocation(ctx); revoked != nil {
				reason = revoked.Error()
			}
			_ = s.write(w, []byte("event: end\ndata: "+reason+"\n\n")) // if the client still takes it
			return
		}
	}
}

// sign is a sign of life. It is no event, and says where to go on after a lost
// connection, also to a client that has seen no event yet.
func (s *stream) sign(comment string) []byte {
	return fmt.Appendf(nil, ": %s\nid: %d\n\n", comment, s.told.Load())
}

// write sends a text at once, in bounded time.
func (s *stream) write(w *bufio.Writer, text []byte) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, _ = w.Write(text) // its error comes back from Flush
	return w.Flush()
}

func (s *stream) event(sequence uint64, text []byte) error { return s.add("", sequence, text) }
func (s *stream) reset(sequence uint64, text []byte) error {
	return s.add("event: reset\n", sequence, text)
}

func (s *stream) add(kind string, sequence uint64, text []byte) error {
	s.text = append(s.text, kind+"id: "+strconv.FormatUint(sequence, 10)+"\ndata: "...)
	s.text = append(append(s.text, text...), "\n\n"...)
	return nil
}

// flush hands on what was added. The writer may still be at work on the last text.
func (s *stream) flush() error {
	if len(s.text) == 0 {
		s.told.Store(s.sent)
		return nil
	}
	select {
	case s.out <- s.text:
		s.text = nil
		s.told.Store(s.sent)
		return nil
	case <-s.gone:
		return context.Canceled
	}
}
