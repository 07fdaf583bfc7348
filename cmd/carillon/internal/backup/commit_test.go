package backup

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// cutter is between a client and Postgres. It passes the first COMMIT on, and cuts
// the connection before the answer.
type cutter struct {
	server string // its socket
	cut    atomic.Bool
}

// startCutter returns the database's address through a cutter.
func startCutter(t *testing.T, database string) (*cutter, string) {
	t.Helper()
	address, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	query, name := address.Query(), ".s.PGSQL."+address.Query().Get("port")
	c := &cutter{server: filepath.Join(query.Get("host"), name)}
	query.Set("host", t.TempDir())
	address.RawQuery = query.Encode()
	listener, err := net.Listen("unix", filepath.Join(query.Get("host"), name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for conn, err := listener.Accept(); err == nil; conn, err = listener.Accept() {
			go c.pass(conn)
		}
	}()
	return c, address.String()
}

func (c *cutter) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("unix", c.server)
	if err != nil {
		return
	}
	defer server.Close()
	answers := make(chan struct{})
	go func() {
		defer close(answers)
		_, _ = io.Copy(client, server)
	}()
	for buffer := make([]byte, 1<<16); ; {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		cut := bytes.Equal(buffer[:n], []byte("Q\x00\x00\x00\x0bcommit\x00")) && c.cut.CompareAndSwap(false, true)
		if cut {
			client.Close()
		}
		_, _ = server.Write(buffer[:n])
		if cut {
			_, _ = server.Write([]byte("X\x00\x00\x00\x04")) // ends when all is answered
			<-answers
			return
		}
	}
}

// TestACommitWithoutAnAnswerIsNotUndone loses the answer to what Postgres carries out.
func TestACommitWithoutAnAnswerIsNotUndone(t *testing.T) {
	t.Parallel()
	from, to := newWorld(t), newWorld(t)
	from.fill(t)
	file := from.save(t, true)
	c, address := startCutter(t, to.DatabaseURL)
	to.DatabaseURL = address
	if _, err := to.restore(t, file, Choice{AtRest: true}); err != nil || !c.cut.Load() {
		t.Fatal(err, c.cut.Load())
	}
	if len(to.rows(t)["jobs"]) != 1 || to.messages(t) == 0 {
		t.Errorf("%d jobs, %d messages", len(to.rows(t)["jobs"]), to.messages(t))
	}
}

// TestATransactionOfWhichNobodyKnowsWhatBecame keeps what was published.
func TestATransactionOfWhichNobodyKnowsWhatBecame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := &restoring{connected: w.connected, id: "1"}
	if status, err := r.became(t.Context(), System{DatabaseURL: "postgres://127.0.0.1:1/none"}); err == nil {
		t.Error(status)
	}
}
