package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/fasthttp/websocket"
	"github.com/google/uuid"
)

// crowd is how many watch how much.
type crowd struct {
	clients, idlers, perSecond int
	lasts                      time.Duration
}

func crowdSize() crowd {
	if *full {
		return crowd{clients: 1000, idlers: 50, perSecond: 1000, lasts: 30 * time.Second}
	}
	return crowd{clients: 100, idlers: 10, perSecond: 200, lasts: 3 * time.Second}
}

// watcher is a client and what it wants.
type watcher struct {
	query  string
	wants  func(wire.Outcome) bool
	conn   *websocket.Conn
	got    []uint64
	delays []time.Duration
	err    error
}

// watch reads until the event that ends it all, and reconnects once on the way.
func (c *watcher) watch(w *world, t *testing.T, again int) {
	for {
		var e struct {
			Seq  uint64
			Type string
			Run  wire.Outcome
		}
		_, text, err := c.conn.ReadMessage()
		if err == nil {
			err = json.Unmarshal(text, &e)
		}
		if err != nil || e.Type != "" {
			c.err = fmt.Errorf("%s after %d events: %w (%s)", c.query, len(c.got), errors.Join(err), text)
			return
		}
		if e.Run.Job == "last" {
			return
		}
		c.got = append(c.got, e.Seq)
		c.delays = append(c.delays, time.Since(e.Run.PlannedAt))
		if len(c.got) == again {
			_ = c.conn.Close()
			if c.conn, err = w.dial(t.Context(), fmt.Sprintf("%s&since=%d", c.query, e.Seq)); err != nil {
				c.err = err
				return
			}
		}
	}
}

// dial opens a feed client, or says why not.
func (w *world) dial(ctx context.Context, query string) (*websocket.Conn, error) {
	dialer := websocket.Dialer{HandshakeTimeout: 30 * time.Second, ReadBufferSize: 2 << 10, WriteBufferSize: 1 << 10}
	conn, _, err := dialer.DialContext(ctx, "ws"+strings.TrimPrefix(w.url, "http")+"/api/v1/feed"+query, http.Header{"Authorization": {"Bearer " + w.key}})
	return conn, err
}

// watchers want one job, a namespace's failures, a label, a kind, or everything.
func watchers(n int, jobs []uuid.UUID) (all []*watcher) {
	for i := range n {
		job, team, namespace := jobs[i%len(jobs)], fmt.Sprint("t", i%20), fmt.Sprint("ns-", i%10)
		last := func(o wire.Outcome) bool { return o.Job == "last" }
		c := &watcher{query: "?job_id=" + job.String(), wants: func(o wire.Outcome) bool { return o.JobID == job }}
		switch {
		case i%100 == 0:
			c = &watcher{query: "?", wants: func(wire.Outcome) bool { return true }}
		case i%5 == 1:
			c = &watcher{query: "?state=failed&state=lost&namespace=" + namespace, wants: func(o wire.Outcome) bool {
				return o.State == carillon.StateFailed && o.Namespace == namespace
			}}
		case i%5 == 2:
			c = &watcher{query: "?label=team%3D" + team, wants: func(o wire.Outcome) bool { return o.Labels["team"] == team }}
		case i%5 == 3:
			c = &watcher{query: "?kind=manual&label=team%3D" + team, wants: func(o wire.Outcome) bool {
				return o.Kind == carillon.KindManual && o.Labels["team"] == team
			}}
		}
		c.wants = either(c.wants, last)
		all = append(all, c)
	}
	return all
}

func either(a, b func(wire.Outcome) bool) func(wire.Outcome) bool {
	return func(o wire.Outcome) bool { return a(o) || b(o) }
}

// events are the outcomes of a crowd's runs.
func events(n int, jobs []uuid.UUID) (outcomes []wire.Outcome) {
	for i := range n {
		o := outcome(jobs[i%len(jobs)], fmt.Sprint("ns-", i%10), carillon.StateSucceeded)
		o.Labels = map[string]string{"team": fmt.Sprint("t", i%20)}
		if i%7 == 0 {
			o.State = carillon.StateFailed
		}
		if i%50 < 20 {
			o.Kind = carillon.KindManual
		}
		outcomes = append(outcomes, o)
	}
	return outcomes
}

// TestACrowdFollowsTheFeed: each client gets exactly its runs in order, over a
// reconnection too, while others never read at all.
func TestACrowdFollowsTheFeed(t *testing.T) {
	size := crowdSize()
	w := newWorld(t)
	jobs := make([]uuid.UUID, size.perSecond)
	for i := range jobs {
		jobs[i] = carillon.NewJobID()
	}
	outcomes := events(size.perSecond*int(size.lasts/time.Second), jobs)
	crowd := watchers(size.clients, jobs)
	for _, c := range crowd {
		var err error
		if c.conn, err = w.dial(t.Context(), c.query); err != nil {
			t.Fatal(err)
		}
	}
	var idlers []*websocket.Conn
	for range size.idlers {
		idler, err := w.dial(t.Context(), "?since=0")
		if err != nil {
			t.Fatal(err)
		}
		defer idler.Close()
		idlers = append(idlers, idler)
	}
	var watching sync.WaitGroup
	for i, c := range crowd {
		watching.Go(func() { c.watch(w, t, []int{0, 5, 40}[i%3]) })
	}
	w.publishEvenly(t, outcomes, size.perSecond)
	w.publishLast(t, crowd)
	watching.Wait()
	checkCrowd(t, crowd, outcomes)
	if *full { // else all fits into the buffers of their connections
		checkDropped(t, idlers, len(outcomes))
	}
}

// checkDropped reads what those who never read were sent before they were dropped.
func checkDropped(t *testing.T, idlers []*websocket.Conn, events int) {
	t.Helper()
	for _, idler := range idlers {
		got := 0
		_ = idler.SetReadDeadline(time.Now().Add(20 * time.Second))
		_, _, err := idler.ReadMessage()
		for ; err == nil; got++ {
			_, _, err = idler.ReadMessage()
		}
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() || got >= events {
			t.Errorf("after %d of %d events: %v", got, events, err)
		}
	}
}

// publishEvenly stores outcomes at a rate, fifty times a second.
func (w *world) publishEvenly(t *testing.T, outcomes []wire.Outcome, perSecond int) {
	t.Helper()
	tick := time.NewTicker(time.Second / 50)
	defer tick.Stop()
	for batch := range slices.Chunk(outcomes, perSecond/50) {
		<-tick.C
		for i := range batch {
			batch[i].PlannedAt = time.Now().UTC()
		}
		w.publish(t, batch...)
	}
}

// publishLast sends each client an event that it wants, so that it knows the end.
func (w *world) publishLast(t *testing.T, crowd []*watcher) {
	t.Helper()
	seen := map[string]bool{}
	for i, c := range crowd {
		if seen[c.query] {
			continue
		}
		seen[c.query] = true
		o := outcome(carillon.NewJobID(), fmt.Sprint("ns-", i%10), carillon.StateFailed)
		if id, ok := strings.CutPrefix(c.query, "?job_id="); ok {
			o.JobID = uuid.MustParse(id)
		}
		o.Job, o.Kind, o.Labels = "last", carillon.KindManual, map[string]string{"team": fmt.Sprint("t", i%20)}
		if _, err := w.js.Publish(t.Context(), topology.Outcome(o.Namespace, o.JobID, topology.EventFinished), wire.Encode(o)); err != nil {
			t.Fatal(err)
		}
	}
}

func checkCrowd(t *testing.T, crowd []*watcher, outcomes []wire.Outcome) {
	t.Helper()
	var delays []time.Duration
	events := 0
	for _, c := range crowd {
		_ = c.conn.Close()
		var want []uint64
		for i, o := range outcomes {
			if c.wants(o) {
				want = append(want, uint64(i+1))
			}
		}
		if c.err != nil || !slices.Equal(c.got, want) {
			t.Errorf("%s got %d events, want %d: %v", c.query, len(c.got), len(want), c.err)
		}
		delays, events = append(delays, c.delays...), events+len(c.got)
	}
	slices.Sort(delays)
	t.Logf("%d clients got %d events; from the outcome to the client p50 %s, p99 %s, longest %s", len(crowd), events,
		delays[len(delays)/2], delays[len(delays)*99/100], delays[len(delays)-1])
	if p99 := delays[len(delays)*99/100]; *full && p99 > 250*time.Millisecond {
		t.Errorf("p99 %s, want at most 250ms", p99)
	}
}
