package api

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"
)

// listenEvery is how soon it is noticed that a client has gone.
const listenEvery = 250 * time.Millisecond

// whileHeard returns a context for work that may take longer than other
// requests. It ends when the client has gone, of which fasthttp tells nobody, or
// when the API stops serving. The caller calls end before it returns.
func (a *API) whileHeard(ctx context.Context, conn net.Conn) (heard context.Context, end func()) {
	heard, cancel := context.WithCancel(context.WithoutCancel(ctx))
	serving, leave := a.sessions.enter()
	stop := context.AfterFunc(serving, cancel)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		listen(heard, conn, cancel)
	}()
	return heard, func() {
		cancel()
		stop()
		<-watched // the connection is fasthttp's again
		leave()
	}
}

// listen calls gone once the client has gone, and returns then or with ctx.
func listen(ctx context.Context, conn net.Conn, gone func()) {
	tick := time.NewTicker(listenEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if hungUp(conn) {
			gone()
			return
		}
	}
}

// hungUp reports whether the other side has closed a connection. It takes
// nothing of what there is to read. Where the system cannot say, nobody has gone.
func hungUp(conn net.Conn) (gone bool) {
	system, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := system.SyscallConn()
	if err != nil {
		return true // it is closed on this side
	}
	err = raw.Control(func(fd uintptr) {
		var next [1]byte
		n, _, err := syscall.Recvfrom(int(fd), next[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		gone = n == 0 && err == nil || errors.Is(err, syscall.ECONNRESET)
	})
	return gone || err != nil
}
