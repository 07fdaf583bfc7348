package gateway

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// relayLock is what a relay takes for as long as it publishes: "CARILRLY".
const relayLock = 0x434152494C524C59

// backfillPlan is the answer to an order.
type backfillPlan struct {
	ID       uuid.UUID
	From, To time.Time
	Mode     string
	Schedule string
	Rate     int
	Count    int
	Sample   []time.Time
	Takes    carillon.Duration
	UnderWay int `json:"under_way"`
	Unknown  int
	Warnings []string
}

type backfillProgress struct {
	ID      uuid.UUID
	State   string
	Count   int
	Runs    map[carillon.State]int
	Waiting int
	Actor   string

	WaitsFor []string `json:"waits_for"`
}

// hourly is a job that is due every hour since ten hours ago, to the minute.
type hourly struct {
	*world
	carillon.Job
	begin time.Time // its first fire
}

func newHourly(t *testing.T) *hourly {
	t.Helper()
	w := newWorld(t)
	job := w.create(t, document("hourly"))
	begin := time.Now().UTC().Truncate(time.Hour).Add(-10 * time.Hour)
	w.exec(t, `UPDATE job_revisions SET effective_from = $1`, begin.Add(-time.Second))
	ledgerFrom := begin.AddDate(0, 0, -3)
	for _, day := range []time.Time{ledgerFrom, begin, begin.AddDate(0, 0, 1)} {
		w.day(t, day)
	}
	w.record(t, uuid.New(), "other", carillon.KindManual, ledgerFrom, carillon.StateSucceeded)
	h := &hourly{w, job, begin}
	h.mark(t, 11)
	return h
}

func (h *hourly) at(hours int) time.Time { return h.begin.Add(time.Duration(hours) * time.Hour) }

// order asks for the hours from one to another.
func (h *hourly) order(t *testing.T, from, to int, more object) response {
	t.Helper()
	body := object{"from": h.at(from), "to": h.at(to)}
	for name, value := range more {
		body[name] = value
	}
	return h.call(t, "POST", "/api/v1/jobs/"+h.ID.String()+"/backfill", body)
}

func (h *hourly) progress(t *testing.T, id uuid.UUID) backfillProgress {
	t.Helper()
	return into[backfillProgress](t, h.call(t, "GET", "/api/v1/backfills/"+id.String(), nil), 200)
}

func (h *hourly) recordBackfilled(t *testing.T, id uuid.UUID, at time.Time, state carillon.State) {
	t.Helper()
	run := h.record(t, h.ID, "default", carillon.KindBackfill, at, state)
	h.exec(t, `UPDATE runs SET id = $2 WHERE id = $1`, run, carillon.NewRunID(id, carillon.KindBackfill, at))
}

// publishedMessage waits until JOBS holds a message of a backfill that will do.
func (h *hourly) publishedMessage(t *testing.T, id uuid.UUID, ended bool) (message wire.Backfill, header nats.Header) {
	t.Helper()
	eventually.Succeeds(t, func() error {
		stream, err := h.js.Stream(t.Context(), topology.JobsStream)
		if err != nil {
			return err
		}
		msg, err := stream.GetLastMsgForSubject(t.Context(), topology.Backfill(h.ID, id))
		if err != nil {
			return err
		}
		header = msg.Header
		if message, err = wire.Decode[wire.Backfill](msg.Data); err == nil && message.Ended != ended {
			return fmt.Errorf("not yet: %+v", message)
		}
		return err
	})
	return message, header
}

// end says that all runs have been handed out, as the planner does.
func (h *hourly) end(t *testing.T, id uuid.UUID) {
	t.Helper()
	msg := &nats.Msg{
		Subject: topology.Backfill(h.ID, id), Data: wire.Encode(wire.Backfill{ID: id, JobID: h.ID, Ended: true}),
		Header: nats.Header{jetstream.MsgRollup: {jetstream.MsgRollupSubject}},
	}
	if _, err := h.js.PublishMsg(t.Context(), msg); err != nil {
		t.Fatal(err)
	}
}

// TestBackfillOfAnOutage has hours 0 to 9: 0 succeeded, 1 failed, 2 missed, 3
// skipped, and of all others there is nothing.
func TestBackfillOfAnOutage(t *testing.T) {
	t.Parallel()
	h := newHourly(t)
	for hour, state := range []carillon.State{carillon.StateSucceeded, carillon.StateFailed, carillon.StateMissed, carillon.StateSkipped} {
		h.record(t, h.ID, "default", carillon.KindSchedule, h.at(hour), state)
	}
	h.record(t, h.ID, "default", carillon.KindManual, h.at(4), carillon.StateSucceeded)
	h.exec(t, `UPDATE runs SET started_at = fire_time, finished_at = fire_time + interval '3s' WHERE state = 'succeeded'`)
	for mode, want := range map[string][]time.Time{
		"": {h.at(2), h.at(4), h.at(5)}, "failed": {h.at(1), h.at(2), h.at(4), h.at(5)},
		"all": {h.at(0), h.at(1), h.at(2), h.at(3), h.at(4), h.at(5)},
	} {
		more := object{"dry_run": true, "rate": 2}
		if mode != "" {
			more["mode"] = mode
		}
		plan := into[backfillPlan](t, h.order(t, 0, 6, more), 200)
		if plan.Count != len(want) || plan.ID != uuid.Nil || cmp.Diff(want, plan.Sample) != "" || plan.Takes != carillon.Duration(len(want))*carillon.Duration(3*time.Second) {
			t.Errorf("mode %q: %+v", mode, plan)
		}
	}
	if n := h.count(t, `SELECT count(*) FROM backfills`); n != 0 {
		t.Errorf("%d backfills after dry runs", n)
	}

	started := into[backfillPlan](t, h.order(t, 0, 6, object{"rate": 5}), http.StatusAccepted)
	message, header := h.publishedMessage(t, started.ID, false)
	want := wire.Backfill{ID: started.ID, JobID: h.ID, Fires: []time.Time{h.at(2), h.at(4), h.at(5)}, Rate: 5}
	if diff := cmp.Diff(want, message); diff != "" || header.Get(jetstream.MsgRollup) == "" || header.Get(jetstream.MsgTTLHeader) != "" {
		t.Errorf("%s, header %v", diff, header)
	}
	again := into[backfillPlan](t, h.order(t, 0, 6, object{"mode": "all"}), http.StatusAccepted)
	if again.Count != 3 || again.UnderWay != 3 || len(again.Warnings) != 2 {
		t.Errorf("beside an open one: %+v", again)
	}
	if none := into[backfillPlan](t, h.order(t, 0, 6, nil), 200); none.Count != 0 || none.ID != uuid.Nil || none.UnderWay != 6 {
		t.Errorf("for the second time: %+v", none)
	}
	var ids []uuid.UUID
	for path := "/api/v1/jobs/" + h.ID.String() + "/backfills?limit=1"; path != ""; {
		list := into[struct {
			Items      []backfillProgress
			NextCursor string `json:"next_cursor"`
		}](t, h.call(t, "GET", path, nil), 200)
		for _, item := range list.Items {
			ids = append(ids, item.ID)
		}
		path = ""
		if list.NextCursor != "" {
			path = "/api/v1/jobs/" + h.ID.String() + "/backfills?limit=1&cursor=" + list.NextCursor
		}
	}
	if !slices.Equal(ids, []uuid.UUID{again.ID, started.ID}) {
		t.Errorf("listed: %v", ids)
	}
	if n := h.count(t, `SELECT count(*) FROM audit_log WHERE action = 'created' AND object = 'backfill/' || $1 AND after->>'mode' = 'gaps'`, started.ID.String()); n != 1 {
		t.Errorf("%d lines in the audit log", n)
	}
}

func TestTheLifeOfABackfill(t *testing.T) {
	t.Parallel()
	h := newHourly(t)
	id := into[backfillPlan](t, h.order(t, 0, 4, nil), http.StatusAccepted).ID
	check := func(state string, waiting int, runs map[carillon.State]int) {
		t.Helper()
		got := h.progress(t, id)
		want := backfillProgress{ID: id, State: state, Count: 4, Runs: runs, Waiting: waiting, Actor: got.Actor, WaitsFor: []string{}}
		if diff := cmp.Diff(want, got); diff != "" || !strings.HasPrefix(got.Actor, "admin") {
			t.Error(diff)
		}
	}
	check("running", 4, map[carillon.State]int{})
	h.publishedMessage(t, id, false)
	h.recordBackfilled(t, id, h.at(0), carillon.StateSucceeded)
	h.recordBackfilled(t, id, h.at(1), carillon.StateFailed)
	h.recordBackfilled(t, uuid.New(), h.at(2), carillon.StateSucceeded) // another one's
	check("running", 2, map[carillon.State]int{carillon.StateSucceeded: 1, carillon.StateFailed: 1})
	h.end(t, id)
	h.recordBackfilled(t, id, h.at(3), carillon.StateRunning)
	check("draining", 1, map[carillon.State]int{carillon.StateSucceeded: 1, carillon.StateFailed: 1, carillon.StateRunning: 1})
	if p := intoProblem(t, h.call(t, "POST", "/api/v1/backfills/"+id.String()+"/cancel", nil), 409); p.Detail != "the backfill hands out no more runs: it is draining" {
		t.Error(p.Detail)
	}
	h.exec(t, `UPDATE runs SET state = 'lost' WHERE state = 'running'`)
	h.recordBackfilled(t, id, h.at(2), carillon.StateSucceeded)
	check("ended", 0, map[carillon.State]int{carillon.StateSucceeded: 2, carillon.StateFailed: 1, carillon.StateLost: 1})
	if left := into[backfillPlan](t, h.order(t, 0, 4, object{"mode": "failed"}), http.StatusAccepted); !slices.EqualFunc(left.Sample, []time.Time{h.at(1), h.at(3)}, time.Time.Equal) {
		t.Errorf("what it left: %+v", left)
	}
}

func TestABackfillIsCancelled(t *testing.T) {
	t.Parallel()
	h := newHourly(t)
	id := into[backfillPlan](t, h.order(t, 0, 4, nil), http.StatusAccepted).ID
	path := "/api/v1/backfills/" + id.String() + "/cancel"
	if got := into[backfillProgress](t, h.call(t, "POST", path, nil), 200); got.State != "cancelled" {
		t.Errorf("%+v", got)
	}
	message, header := h.publishedMessage(t, id, true)
	if len(message.Fires) > 0 || header.Get(jetstream.MsgTTLHeader) == "" || header.Get(jetstream.MsgRollup) == "" {
		t.Errorf("%+v, header %v", message, header)
	}
	if got := h.progress(t, id); got.State != "cancelled" || got.Waiting != 4 {
		t.Errorf("%+v", got)
	}
	intoProblem(t, h.call(t, "POST", path, nil), 409)
	intoProblem(t, h.call(t, "POST", "/api/v1/backfills/"+uuid.NewString()+"/cancel", nil), 404)
	if again := into[backfillPlan](t, h.order(t, 0, 4, nil), 200); again.Count != 0 || again.UnderWay != 4 {
		t.Errorf("planners may not know of it: %+v", again)
	}
	purge(t, h, topology.Backfill(h.ID, id)) // which is what a week does
	if again := into[backfillPlan](t, h.order(t, 0, 4, nil), http.StatusAccepted); again.Count != 4 {
		t.Errorf("its fires are gaps again: %+v", again)
	}
}

// TestACancelThatHasNotBeenPublished waits in the outbox behind another gateway.
func TestACancelThatHasNotBeenPublished(t *testing.T) {
	t.Parallel()
	h := newHourly(t)
	id := into[backfillPlan](t, h.order(t, 0, 4, nil), http.StatusAccepted).ID
	h.publishedMessage(t, id, false)
	h.relayed(t)
	tx, err := h.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(t.Context(), `SELECT pg_advisory_xact_lock($1)`, relayLock); err != nil {
		t.Fatal(err)
	}
	into[backfillProgress](t, h.call(t, "POST", "/api/v1/backfills/"+id.String()+"/cancel", nil), 200)
	if again := into[backfillPlan](t, h.order(t, 0, 4, nil), 200); again.Count != 0 || again.UnderWay != 4 {
		t.Errorf("%+v", again)
	}
}

func purge(t *testing.T, h *hourly, subject string) {
	t.Helper()
	stream, err := h.js.Stream(t.Context(), topology.JobsStream)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Purge(t.Context(), jetstream.WithPurgeSubject(subject)); err != nil {
		t.Fatal(err)
	}
}

// TestABackfillThatJOBSLost stays where it is, and a new one takes its fires.
func TestABackfillThatJOBSLost(t *testing.T) {
	t.Parallel()
	h := newHourly(t)
	id := into[backfillPlan](t, h.order(t, 0, 4, nil), http.StatusAccepted).ID
	h.publishedMessage(t, id, false)
	purge(t, h, topology.AllBackfills)
	if got := h.progress(t, id); got.State != "stalled" || got.Waiting != 4 {
		t.Errorf("%+v", got)
	}
	if again := into[backfillPlan](t, h.order(t, 0, 4, nil), http.StatusAccepted); again.Count != 4 {
		t.Errorf("%+v", again)
	}
	if got := into[backfillProgress](t, h.call(t, "POST", "/api/v1/backfills/"+id.String()+"/cancel", nil), 200); got.State != "cancelled" {
		t.Errorf("%+v", got)
	}
}

// TestABackfillIsNotBegunAnew puts its message into the outbox once more, as a
// relay does that dies before its commit, when the planner has ended it.
func TestABackfillIsNotBegunAnew(t *testing.T) {
	t.Parallel()
	h := newHourly(t)
	id := into[backfillPlan](t, h.order(t, 0, 2, nil), http.StatusAccepted).ID
	message, _ := h.publishedMessage(t, id, false)
	h.end(t, id)
	h.exec(t, `INSERT INTO outbox (subject, payload) VALUES ($1, $2)`, topology.Backfill(h.ID, id), wire.Encode(message))
	h.relayed(t)
	h.publishedMessage(t, id, true)
}

func TestBackfillsOfTimesBeforeTheJob(t *testing.T) {
	t.Parallel()
	h := newHourly(t)
	if got := into[backfillPlan](t, h.order(t, -4, 1, nil), http.StatusAccepted); got.Count != 1 || !strings.Contains(strings.Join(got.Warnings, ""), "the job begins on") {
		t.Errorf("by its own schedule: %+v", got)
	}
	if got := into[backfillPlan](t, h.order(t, -4, 1, object{"schedule": "current"}), http.StatusAccepted); got.Count != 4 || got.UnderWay != 1 || len(got.Warnings) != 2 {
		t.Errorf("by the current schedule: %+v", got)
	}
	h.exec(t, `UPDATE job_revisions SET effective_from = $1`, h.at(-1000)) // older than the ledger
	h.day(t, h.at(-200))
	h.recordBackfilled(t, uuid.New(), h.at(-200), carillon.StateSucceeded) // one of days before does not move the beginning
	got := into[backfillPlan](t, h.order(t, -200, -190, nil), 200)
	if got.Count != 0 || got.Unknown != 9 || !strings.Contains(strings.Join(got.Warnings, ""), "the ledger begins only on") {
		t.Errorf("before the ledger: %+v", got)
	}
	if got := into[backfillPlan](t, h.order(t, -200, -190, object{"mode": "all"}), http.StatusAccepted); got.Count != 10 {
		t.Errorf("all before the ledger: %+v", got)
	}
}

// TestWhatIsStillToComeIsLeftOut has a run of hour 1 in its queue and one of hour
// 2 that waits for a retry; the planner holds hour 3, and has planned up to hour 5.
func TestWhatIsStillToComeIsLeftOut(t *testing.T) {
	t.Parallel()
	h := newHourly(t)
	send := func(subject string, header nats.Header, body []byte) {
		t.Helper()
		if _, err := h.js.PublishMsg(t.Context(), &nats.Msg{Subject: subject, Header: header, Data: body}); err != nil {
			t.Fatal(err)
		}
	}
	run := func(kind carillon.Kind, hour int) nats.Header {
		return nats.Header{wire.RunHeader: {string(wire.Encode(wire.Run{ID: uuid.New(), Kind: kind, FireTime: h.at(hour)}))}}
	}
	send(topology.Ready(h.ID, "default"), run(carillon.KindSchedule, 1), nil)
	send(topology.Ready(h.ID, "default"), run(carillon.KindManual, 4), nil)
	send(topology.Retry(h.ID, "low", uuid.New()), run(carillon.KindBackfill, 2), nil)
	send(topology.Ready(uuid.New(), "default"), run(carillon.KindSchedule, 5), nil)
	mark := wire.Mark{Reach: wire.Reach{At: h.at(5), Job: uuid.Max}, Held: map[uuid.UUID][]wire.Held{h.ID: {{At: h.at(3)}}}}
	send(topology.Mark(carillon.PartitionOf(h.ID)), nil, wire.Encode(mark))
	got := into[backfillPlan](t, h.order(t, 0, 8, object{"mode": "all", "dry_run": true}), 200)
	if got.UnderWay != 5 || !slices.EqualFunc(got.Sample, []time.Time{h.at(0), h.at(4), h.at(5)}, time.Time.Equal) {
		t.Errorf("%+v", got)
	}
	for range 1000 {
		if _, err := h.js.PublishMsgAsync(&nats.Msg{Subject: topology.Ready(h.ID, "default"), Header: run(carillon.KindSchedule, 1)}); err != nil {
			t.Fatal(err)
		}
	}
	<-h.js.PublishAsyncComplete()
	if p := intoProblem(t, h.order(t, 0, 8, nil), 409); !strings.Contains(p.Detail, "more than 1000 runs") {
		t.Error(p.Detail)
	}
}

// TestWhatIsOnItsWayToTheLedgerIsLeftOut has outcomes and a skip that no recorder has
// taken yet, as while Postgres is away: of hours 0 and 1, 2 and, by hand, 3.
func TestWhatIsOnItsWayToTheLedgerIsLeftOut(t *testing.T) {
	t.Parallel()
	h := newHourly(t)
	send := func(subject string, kind carillon.Kind, at time.Time) {
		t.Helper()
		outcome := wire.Outcome{RunID: uuid.New(), JobID: h.ID, Kind: kind, FireTime: at, State: carillon.StateSucceeded}
		if _, err := h.js.PublishAsync(subject, wire.Encode(outcome)); err != nil {
			t.Fatal(err)
		}
	}
	send(topology.Outcome("default", h.ID, topology.EventFinished), carillon.KindSchedule, h.at(0))
	send(topology.Outcome("elsewhere", h.ID, topology.EventFinished), carillon.KindBackfill, h.at(1))
	send(topology.Skip(h.ID), carillon.KindSchedule, h.at(2))
	send(topology.Outcome("default", h.ID, topology.EventFinished), carillon.KindManual, h.at(3))
	send(topology.Outcome("default", uuid.New(), topology.EventFinished), carillon.KindSchedule, h.at(4))
	<-h.js.PublishAsyncComplete()
	got := into[backfillPlan](t, h.order(t, 0, 6, object{"mode": "all", "dry_run": true}), 200)
	if got.UnderWay != 3 || !slices.EqualFunc(got.Sample, []time.Time{h.at(3), h.at(4), h.at(5)}, time.Time.Equal) {
		t.Errorf("%+v", got)
	}
	for range 1000 {
		send(topology.Outcome("default", h.ID, topology.EventFinished), carillon.KindSchedule, h.at(0))
	}
	<-h.js.PublishAsyncComplete()
	intoProblem(t, h.order(t, 0, 6, nil), 409)
}

// TestTheLargestBackfill is of a job that was due every second.
func TestTheLargestBackfill(t *testing.T) {
	t.Parallel()
	h := newHourly(t)
	h.exec(t, `UPDATE job_revisions SET document = jsonb_set(document, '{schedule}', '{"every": "1s"}'), effective_from = $1`, h.at(-24))
	h.day(t, h.at(-24))
	to := h.begin.Add(wire.MaxBackfill * time.Second)
	body := object{"from": h.begin, "to": to, "rate": 100}
	plan := into[backfillPlan](t, h.call(t, "POST", "/api/v1/jobs/"+h.ID.String()+"/backfill", body), http.StatusAccepted)
	message, _ := h.publishedMessage(t, plan.ID, false)
	if n := len(message.Fires); n != wire.MaxBackfill || !message.Fires[n-1].Equal(to.Add(-time.Second)) {
		t.Errorf("%d fires", n)
	}
	h.exec(t, `
		INSERT INTO runs (id, fire_time, job_id, job_name, namespace, kind, state, revision, queue, planned_at)
		SELECT gen_random_uuid(), at, $1, 'x', 'default', 'schedule', 'succeeded', 1, 'default', at
		FROM generate_series($2::timestamptz, $3, '1s') AS at`, h.ID, h.at(-24), h.begin.Add(-time.Second))
	if got := h.progress(t, plan.ID); got.State != "running" || got.Waiting != wire.MaxBackfill {
		t.Errorf("%+v", got)
	}
	body["from"] = h.at(-24) // 96,400 fires, none of which is a gap
	if none := into[backfillPlan](t, h.call(t, "POST", "/api/v1/jobs/"+h.ID.String()+"/backfill", body), 200); none.UnderWay != wire.MaxBackfill {
		t.Errorf("%+v", none)
	}
}

func TestABackfillNeedsItsQueue(t *testing.T) {
	t.Parallel()
	h := newHourly(t)
	h.exec(t, `DELETE FROM queues WHERE name = 'low'`) // which was possible once
	if p := intoProblem(t, h.order(t, 0, 2, nil), 409); !strings.Contains(p.Detail, "there is no queue low") {
		t.Error(p.Detail)
	}
}

func TestWhatHoldsABackfillIsSaid(t *testing.T) {
	t.Parallel()
	h := newHourly(t)
	h.setPaused(t, "pause", nil)
	h.setPaused(t, "pause", object{"namespace": h.Namespace})
	h.setPaused(t, "pause", object{"namespace": "other"})
	for _, path := range []string{"/jobs/" + h.ID.String(), "/queues/low", "/queues/default"} {
		into[object](t, h.call(t, "POST", "/api/v1"+path+"/pause", nil), 200)
	}
	want := []string{"the job is paused", "everything is paused", "the namespace " + h.Namespace + " is paused", "the queue low is paused"}
	plan := into[backfillPlan](t, h.order(t, 0, 2, nil), http.StatusAccepted)
	if len(plan.Warnings) != len(want)+1 {
		t.Fatalf("%+v", plan)
	}
	for i, hold := range want {
		if !strings.HasPrefix(plan.Warnings[i], hold+":") {
			t.Errorf("%q does not say %q", plan.Warnings[i], hold)
		}
	}
	h.publishedMessage(t, plan.ID, false)
	if got := h.progress(t, plan.ID); !slices.Equal(got.WaitsFor, want) {
		t.Errorf("%+v", got)
	}
	h.end(t, plan.ID)
	if got := h.progress(t, plan.ID); got.State != "draining" || !slices.Equal(got.WaitsFor, want[3:]) {
		t.Errorf("%+v", got)
	}
}

func TestAPlanSaysWhatBecomesOfLiveFires(t *testing.T) {
	t.Parallel()
	h := newHourly(t)
	for overlap, want := range map[string]string{"skip": "in one place", "queue": "waits for its end", "replace": "cancels that run", "allow": "beside live fires"} {
		into[object](t, h.call(t, "PATCH", "/api/v1/jobs/"+h.ID.String(), object{"overlap": overlap}), 200)
		h.exec(t, `UPDATE job_revisions SET effective_from = $1`, h.begin.Add(-time.Second))
		plan := into[backfillPlan](t, h.order(t, 0, 2, object{"dry_run": true}), 200)
		if len(plan.Warnings) != 1 || !strings.Contains(plan.Warnings[0], want) {
			t.Errorf("%s: %+v", overlap, plan.Warnings)
		}
	}
}

func TestTheYoungestFiresAreLeftAlone(t *testing.T) {
	t.Parallel()
	h := newHourly(t)
	before := time.Now()
	got := into[backfillPlan](t, h.call(t, "POST", "/api/v1/jobs/"+h.ID.String()+"/backfill", object{"from": h.at(8), "dry_run": true}), 200)
	if young := before.Sub(got.To); young < 55*time.Second || young > 2*time.Minute || got.Rate != 1 || got.Mode != "gaps" || got.Schedule != "original" {
		t.Errorf("%+v, asked at %s", got, before)
	}
}

func TestBackfillsAtOnceShareTheFires(t *testing.T) {
	t.Parallel()
	h := newHourly(t)
	const clients = 6
	counts := make(chan int, clients)
	for range clients {
		go func() {
			r := h.order(t, 0, 8, nil)
			plan := into[backfillPlan](t, r, r.status)
			counts <- plan.Count
		}()
	}
	sum := 0
	for range clients {
		sum += <-counts
	}
	if n := h.count(t, `SELECT count(*) FROM backfills`); n != 1 || sum != 8 {
		t.Errorf("%d backfills with %d fires", n, sum)
	}
}

func TestBadBackfillsNameEveryFault(t *testing.T) {
	t.Parallel()
	h := newHourly(t)
	h.exec(t, `UPDATE job_revisions SET document = jsonb_set(document, '{schedule}', '{"every": "1s"}'), effective_from = $1`, h.at(-24))
	path := "/api/v1/jobs/" + h.ID.String() + "/backfill"
	later := time.Now().Add(time.Hour)
	for name, test := range map[string]struct {
		body  object
		where []string
	}{
		"nothing":              {object{}, []string{"body.from"}},
		"all wrong":            {object{"from": "soon", "to": 7, "mode": "some", "schedule": "old", "rate": 0, "dry_run": "no", "x": 1}, []string{"body.dry_run", "body.from", "body.mode", "body.rate", "body.schedule", "body.to", "body.x"}},
		"the future":           {object{"from": h.at(0), "to": later, "rate": 1001}, []string{"body.rate", "body.to"}},
		"a far future":         {object{"from": h.at(0), "to": later.AddDate(2, 0, 0)}, []string{"body.to"}},
		"backwards":            {object{"from": h.at(2), "to": h.at(2)}, []string{"body.from"}},
		"only the last minute": {object{"from": time.Now().Add(-time.Second)}, []string{"body.from"}},
		"two years":            {object{"from": h.begin.AddDate(-2, 0, 0)}, []string{"body.from"}},
		"too many to run":      {object{"from": h.at(0), "to": h.at(3)}, []string{"body.to"}},
		"too many in all":      {object{"from": h.at(-24), "to": h.at(8)}, []string{"body.to"}},
	} {
		p := intoProblem(t, h.call(t, "POST", path, test.body), 422)
		got := p.locations()
		slices.Sort(got)
		if diff := cmp.Diff(test.where, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if strings.HasPrefix(name, "too many") && !strings.Contains(p.Errors[0].Message, "; cut it at 20") {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if p := intoProblem(t, h.call(t, "POST", path, object{"from": h.at(0), "to": h.at(3)}), 422); !strings.Contains(p.Errors[0].Message, h.begin.Add(wire.MaxBackfill*time.Second).Format(time.RFC3339)) {
		t.Errorf("%+v", p)
	}
	intoProblem(t, h.call(t, "POST", "/api/v1/jobs/"+uuid.NewString()+"/backfill", object{"from": h.at(0)}), 404)
	intoProblem(t, h.call(t, "GET", "/api/v1/jobs/"+uuid.NewString()+"/backfills", nil), 404)
	intoProblem(t, h.call(t, "GET", "/api/v1/backfills/"+uuid.NewString(), nil), 404)
	intoProblem(t, h.call(t, "GET", "/api/v1/backfills/7", nil), 422)
	into[struct{}](t, h.call(t, "DELETE", "/api/v1/jobs/"+h.ID.String(), nil), 204)
	intoProblem(t, h.call(t, "POST", path, object{"from": h.at(0)}), 404)
	into[object](t, h.call(t, "GET", "/api/v1/jobs/"+h.ID.String()+"/backfills", nil), 200)
	if n := h.count(t, `SELECT count(*) FROM backfills`); n != 0 {
		t.Errorf("%d backfills", n)
	}
}

func TestBackfillsWithoutNATS(t *testing.T) {
	t.Parallel()
	h := newHourly(t)
	id := into[backfillPlan](t, h.order(t, 0, 2, nil), http.StatusAccepted).ID
	h.publishedMessage(t, id, false)
	h.relayed(t)
	h.nats.Stop()
	if p := intoProblem(t, h.call(t, "GET", "/api/v1/backfills/"+id.String(), nil), 503); p.Detail != "NATS is not available" {
		t.Error(p.Detail)
	}
	if p := intoProblem(t, h.order(t, 4, 6, nil), 503); p.Detail != "NATS is not available" {
		t.Error(p.Detail)
	}
}
