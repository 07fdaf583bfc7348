package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/fasthttp/websocket"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
)

// event is what a feed client reads: an event, or a reset.
type event struct {
	Seq    uint64
	Event  string
	Type   string
	Reason string
	Run    struct {
		JobID     uuid.UUID `json:"job_id"`
		Namespace string
		State     carillon.State
		Attempt   *wire.Attempt
	}
}

// follow opens a feed client; query begins with a '?', or is empty.
func (w *world) follow(t *testing.T, query string) *websocket.Conn {
	t.Helper()
	return w.followAs(t, w.key, query)
}

func (w *world) followAs(t *testing.T, key, query string) *websocket.Conn {
	t.Helper()
	address := "ws" + strings.TrimPrefix(w.url, "http") + "/api/v1/feed" + query
	conn, answer, err := websocket.DefaultDialer.DialContext(t.Context(), address, http.Header{"Authorization": {"Bearer " + key}})
	if err != nil {
		t.Fatalf("follow: %v (%v)", err, answer)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func next(t *testing.T, conn *websocket.Conn) event {
	t.Helper()
	e, err := read(conn)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func read(conn *websocket.Conn) (e event, err error) {
	_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	_, text, err := conn.ReadMessage()
	if err != nil {
		return e, err
	}
	return e, json.Unmarshal(text, &e)
}

func outcome(job uuid.UUID, namespace string, state carillon.State) wire.Outcome {
	now := time.Now().UTC()
	return wire.Outcome{
		RunID: carillon.NewRunID(job, carillon.KindSchedule, now), JobID: job, Job: "x", Namespace: namespace, Revision: 1,
		Queue: "default", Kind: carillon.KindSchedule, FireTime: now, State: state, PlannedAt: now, Attempts: 1,
		Attempt: &wire.Attempt{Number: 1, StartedAt: now, FinishedAt: now, Status: 200, Response: "a captured response"},
	}
}

// publish stores outcomes as a runner does.
func (w *world) publish(t *testing.T, outcomes ...wire.Outcome) {
	t.Helper()
	for _, o := range outcomes {
		if _, err := w.js.PublishAsync(topology.Outcome(o.Namespace, o.JobID, topology.EventFinished), wire.Encode(o)); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-w.js.PublishAsyncComplete():
	case <-time.After(20 * time.Second):
		t.Fatal("the server does not acknowledge")
	}
}

func TestFeedIsOrderedFilteredAndResumable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const n = 3000
	jobs := []uuid.UUID{carillon.NewJobID(), carillon.NewJobID(), carillon.NewJobID()}
	var outcomes []wire.Outcome
	for i := range n {
		state := carillon.StateSucceeded
		if i%10 == 0 {
			state = carillon.StateFailed
		}
		outcomes = append(outcomes, outcome(jobs[i%3], []string{"default", "other"}[i%2], state))
	}
	all := w.follow(t, "")
	one := w.follow(t, "?job_id="+jobs[1].String())
	failed := w.follow(t, "?state=failed&state=cancelled&namespace=default")
	w.publish(t, outcomes...)

	for i := range uint64(n) {
		e := next(t, all)
		if e.Seq != i+1 || e.Event != "finished" || e.Run.State != outcomes[i].State {
			t.Fatalf("event %d is %+v", i+1, e)
		}
		if e.Run.Attempt == nil || e.Run.Attempt.Status != 200 || e.Run.Attempt.Response != "" {
			t.Fatalf("attempt %+v", e.Run.Attempt)
		}
	}
	expect(t, one, outcomes, func(o wire.Outcome) bool { return o.JobID == jobs[1] })
	expect(t, failed, outcomes, func(o wire.Outcome) bool {
		return o.State == carillon.StateFailed && o.Namespace == "default"
	})
	resumed := w.follow(t, "?since=2990")
	for seq := uint64(2991); seq <= n; seq++ {
		if e := next(t, resumed); e.Seq != seq {
			t.Fatalf("resumed at %d, want %d", e.Seq, seq)
		}
	}
	w.publish(t, outcome(jobs[0], "default", carillon.StateLost))
	if e := next(t, resumed); e.Seq != n+1 {
		t.Errorf("after the resumption came %+v", e)
	}
	if e := next(t, w.follow(t, "?since=999999")); e.Type != "reset" || e.Seq != n+1 || e.Reason == "" {
		t.Errorf("a client from the future got %+v", e)
	}
}

// expect reads exactly the outcomes that match.
func expect(t *testing.T, conn *websocket.Conn, outcomes []wire.Outcome, match func(wire.Outcome) bool) {
	t.Helper()
	for i, o := range outcomes {
		if match(o) {
			if e := next(t, conn); e.Seq != uint64(i+1) {
				t.Fatalf("got event %d, want %d", e.Seq, i+1)
			}
		}
	}
}

// republish sends an event as the server would, but with a sequence of the
// test's own.
func (w *world) republish(t *testing.T, sequence uint64, o wire.Outcome) {
	t.Helper()
	err := w.nc.PublishMsg(&nats.Msg{
		Subject: "feed.default." + o.JobID.String() + ".finished", Data: wire.Encode(o),
		Header: nats.Header{"Nats-Sequence": {strconv.FormatUint(sequence, 10)}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFeedTellsOfALoss(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := outcome(carillon.NewJobID(), "default", carillon.StateSucceeded)
	conn := w.follow(t, "")
	for _, step := range []struct {
		publish []uint64
		want    []string
	}{{[]uint64{1, 2, 2, 1, 3}, []string{"1", "2", "3"}}, {[]uint64{7, 8}, []string{"reset6", "7", "8"}}} {
		for _, sequence := range step.publish {
			w.republish(t, sequence, o)
		}
		for _, want := range step.want {
			if e := next(t, conn); e.Type+strconv.FormatUint(e.Seq, 10) != want {
				t.Errorf("got %+v, want %s", e, want)
			}
		}
	}
}

func TestFeedGoesOnWithAnotherStream(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := outcome(carillon.NewJobID(), "default", carillon.StateSucceeded)
	conn := w.follow(t, "?job_id="+strings.ToUpper(o.JobID.String()))
	w.publish(t, o, o)
	for range 2 {
		next(t, conn)
	}
	if err := w.js.DeleteStream(t.Context(), topology.OutcomesStream); err != nil {
		t.Fatal(err)
	}
	if err := topology.Ensure(t.Context(), w.js, 1); err != nil {
		t.Fatal(err)
	}
	w.publish(t, o) // has sequence 1 again
	if e := next(t, conn); e.Type != "reset" || e.Seq != 1 {
		t.Fatalf("got %+v", e)
	}
	w.publish(t, o)
	if e := next(t, conn); e.Seq != 2 || e.Type != "" {
		t.Errorf("got %+v", e)
	}
}

func TestFeedSurvivesARestartOfNATS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := carillon.NewJobID()
	conn := w.follow(t, "")
	w.publish(t, outcome(job, "default", carillon.StateSucceeded))
	if e := next(t, conn); e.Seq != 1 {
		t.Fatalf("got %+v", e)
	}
	w.nats.Stop()
	w.startNATS(t)
	eventually.Succeeds(t, func() error { return w.nc.FlushTimeout(time.Second) })
	w.publish(t, outcome(job, "default", carillon.StateSucceeded))
	if e := next(t, conn); e.Seq != 2 { // a reset, if the gateway was back later than the event
		t.Fatalf("got %+v", e)
	}
	eventually.Succeeds(t, func() error {
		w.publish(t, outcome(job, "default", carillon.StateFailed))
		if e := next(t, conn); e.Type != "" {
			return fmt.Errorf("got %+v", e)
		}
		return nil
	})
}

// TestSlowFeedClientIsDroppedAlone stops reading on one client while more bytes
// pass than the ring holds. The other client reads every hundredth event.
func TestSlowFeedClientIsDroppedAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	small := outcome(carillon.NewJobID(), "default", carillon.StateSucceeded)
	large := outcome(carillon.NewJobID(), "default", carillon.StateFailed)
	large.Reason = strings.Repeat("because ", 2500)
	slow, quick := w.follow(t, ""), w.follow(t, "?job_id="+small.JobID.String())
	const n = 4000
	for sequence := uint64(1); sequence <= n; sequence++ {
		if sequence%100 > 0 {
			w.republish(t, sequence, large)
			continue
		}
		w.republish(t, sequence, small)
		if e := next(t, quick); e.Seq != sequence {
			t.Fatalf("the quick client got %+v, want %d", e, sequence)
		}
	}
	for last := uint64(0); ; {
		e, err := read(slow)
		var closed *websocket.CloseError
		switch {
		case err == nil && e.Seq == last+1:
			last = e.Seq
			continue
		case errors.As(err, &closed) && closed.Code == websocket.CloseTryAgainLater && strings.Contains(closed.Text, "too slow"):
		default:
			t.Fatalf("the slow client, after %d of %d events, got %+v, %v", last, n, e, err)
		}
		if last == n {
			t.Error("the slow client was dropped though it got everything")
		}
		return
	}
}

func TestFeedTakesTheKeyWhereHeadersCannotBeSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address := "ws" + strings.TrimPrefix(w.url, "http") + "/api/v1/feed"
	for _, offer := range [][]string{{"bearer." + w.key}, {"carillon", "bearer." + w.key}} {
		dialer := websocket.Dialer{Subprotocols: offer}
		conn, answer, err := dialer.DialContext(t.Context(), address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := answer.Header.Get("Sec-WebSocket-Protocol"); got != offer[0] {
			t.Errorf("of %d subprotocols, %q was chosen", len(offer), got)
		}
		_ = conn.Close()
	}
	for _, bad := range []string{"", "?key=" + w.key} { // addresses are logged and kept
		_, answer, err := websocket.DefaultDialer.DialContext(t.Context(), address+bad, nil)
		if err == nil || answer.StatusCode != 401 {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestFeedClientIsToldThatTheGatewayGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := w.follow(t, "")
	start := time.Now()
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("stopping took %v", took)
	}
	var closed *websocket.CloseError
	if _, err := read(conn); !errors.As(err, &closed) || closed.Code != websocket.CloseGoingAway {
		t.Errorf("got %v, want close code 1001", err)
	}
}
