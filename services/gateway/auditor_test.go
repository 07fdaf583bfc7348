package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	api "github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// auditItself starts the gateway again, with audits of its own every second.
func (w *world) auditItself(t *testing.T) {
	t.Helper()
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	w.config.AuditEvery = time.Second
	w.start(t)
	w.awaitReady(t)
}

// queue puts a run of a fire into RUNS.
func (h *hourly) queue(t *testing.T, hour int) {
	t.Helper()
	run := wire.Encode(wire.Run{ID: uuid.New(), Kind: carillon.KindSchedule, FireTime: h.at(hour)})
	msg := &nats.Msg{Subject: topology.Ready(h.ID, "default"), Header: nats.Header{wire.RunHeader: {string(run)}}}
	if _, err := h.js.PublishMsg(t.Context(), msg); err != nil {
		t.Fatal(err)
	}
}

// mark says that the planner has decided all up to an hour, and holds others.
func (h *hourly) mark(t *testing.T, hour int, held ...int) {
	t.Helper()
	var waiting []wire.Held
	for _, hour := range held {
		waiting = append(waiting, wire.Held{At: h.at(hour)})
	}
	h.decide(t, h.ID, h.at(hour), waiting...)
}

// decide says that the planner has decided all of a job up to an instant.
func (w *world) decide(t *testing.T, job uuid.UUID, until time.Time, held ...wire.Held) {
	t.Helper()
	mark := wire.Mark{Reach: wire.Reach{At: until, Job: job}, Held: map[uuid.UUID][]wire.Held{job: held}}
	if _, err := w.js.Publish(t.Context(), topology.Mark(carillon.PartitionOf(job)), wire.Encode(mark)); err != nil {
		t.Fatal(err)
	}
}

// alert waits for the last thing that was said of the job, which says so.
func (h *hourly) alert(t *testing.T, firing bool, says string) {
	t.Helper()
	eventually.Succeeds(t, func() error {
		stream, err := h.js.Stream(t.Context(), topology.SignalsStream)
		if err != nil {
			return err
		}
		msg, err := stream.GetLastMsgForSubject(t.Context(), topology.AlertSignal(h.ID))
		if err != nil {
			return err
		}
		alert, err := wire.Decode[wire.Alert](msg.Data)
		if err == nil && (alert.Firing != firing || alert.Kind != carillon.AlertUnexplained || !strings.Contains(alert.Reason, says)) {
			return fmt.Errorf("it is said: %+v", alert)
		}
		return err
	})
}

func (h *hourly) hours(t *testing.T) api.Audit {
	t.Helper()
	return h.audit(t, "from="+h.at(0).Format(time.RFC3339)+"&to="+h.at(10).Format(time.RFC3339))
}

// TestAFireThatWaitsIsPending has ten hours: a row for 0 to 3 and for 9, hour 5 in
// its queue, hour 6 held, and nothing of hour 4. The planner has decided all up to 7,
// until there is news that it has not heard.
func TestAFireThatWaitsIsPending(t *testing.T) {
	t.Parallel()
	h := newHourly(t)
	for _, hour := range []int{0, 1, 2, 3, 9} {
		h.record(t, h.ID, "default", carillon.KindSchedule, h.at(hour), carillon.StateSucceeded)
	}
	h.drop(t, topology.Mark(carillon.PartitionOf(h.ID)))
	if got := h.hours(t); got.Unexplained != 0 || got.Pending != 5 {
		t.Errorf("before the first mark: %+v", got)
	}
	h.queue(t, 5)
	h.mark(t, 7, 6)
	got := h.hours(t)
	if got.Expected != 10 || got.Pending != 3 || got.Unexplained != 2 || len(got.UnexplainedFires) != 2 {
		t.Fatalf("%+v", got)
	}
	if f := got.UnexplainedFires; !f[0].FireTime.Equal(h.at(4)) || !f[1].FireTime.Equal(h.at(7)) {
		t.Errorf("%+v", f)
	}
	news := wire.Encode(wire.Pause{Namespace: h.Namespace, Revision: 1, EffectiveFrom: h.at(7)})
	if _, err := h.js.Publish(t.Context(), topology.Pause(h.Namespace), news); err != nil {
		t.Fatal(err)
	}
	if got := h.hours(t); got.Unexplained != 1 || got.Pending != 4 {
		t.Errorf("with news of a pause in JOBS: %+v", got)
	}
	h.exec(t, `SELECT pg_advisory_lock($1)`, relayLock)
	h.exec(t, `INSERT INTO outbox (subject, payload) VALUES ($1, $2)`, topology.Job(h.ID), wire.Encode(wire.Definition{Job: carillon.Job{EffectiveFrom: h.at(4)}}))
	if got := h.hours(t); got.Unexplained != 0 || got.Pending != 5 {
		t.Errorf("with news of the job in the outbox: %+v", got)
	}
	h.nats.Stop()
	into[api.Audit](t, h.call(t, "GET", "/api/v1/audit?from="+h.at(0).Format(time.RFC3339)+"&to="+h.at(3).Format(time.RFC3339), nil), 200)
	problem := intoProblem(t, h.call(t, "GET", "/api/v1/audit?from="+h.at(0).Format(time.RFC3339)+"&to="+h.at(10).Format(time.RFC3339), nil), http.StatusServiceUnavailable)
	if !strings.Contains(problem.Detail, "NATS") {
		t.Error(problem.Detail)
	}
}

// TestAnAuditByItselfRaisesAnAlertAndFillsTheGap has ten hours, of which hour 4 has
// no run and hour 5 is queued, and two gateways that audit.
func TestAnAuditByItselfRaisesAnAlertAndFillsTheGap(t *testing.T) {
	t.Parallel()
	h := newHourly(t)
	into[carillon.Job](t, h.call(t, "PATCH", "/api/v1/jobs/"+h.ID.String(), object{"fill_gaps": true}), 200)
	for _, hour := range []int{0, 1, 2, 3, 6, 7, 8, 9, 10} {
		h.record(t, h.ID, "default", carillon.KindSchedule, h.at(hour), carillon.StateMissed)
	}
	h.queue(t, 5)
	h.mark(t, 10)
	h.auditItself(t)
	other := *h.world
	other.start(t)

	h.alert(t, true, "the fire of "+h.at(4).Format(time.RFC3339)+" has no run")
	var filled uuid.UUID
	eventually.Succeeds(t, func() error {
		return h.pool.QueryRow(t.Context(), `SELECT id FROM backfills WHERE mode = 'unexplained' AND actor = 'audit' AND fires = array[$1::timestamptz]`, h.at(4)).Scan(&filled)
	})
	if n := h.count(t, `SELECT count(*) FROM unexplained_fires WHERE fire_time = $1 AND waiting`, h.at(5)); n != 1 {
		t.Errorf("hour 5 is %d times on the list", n)
	}
	if n := h.count(t, `SELECT sum(expected) FROM audits`); n != 10 && n != 11 { // of the last one, an hour may just have begun
		t.Errorf("%d fires audited", n)
	}

	h.recordBackfilled(t, filled, h.at(4), carillon.StateSucceeded)
	h.exec(t, `UPDATE runs SET started_at = now(), finished_at = now() WHERE kind = 'backfill'`)
	h.alert(t, false, "no fire")
	h.drop(t, topology.Ready(h.ID, "default"))
	h.alert(t, true, h.at(5).Format(time.RFC3339))
	eventually.Succeeds(t, func() error {
		if n := h.count(t, `SELECT count(*) FROM backfills WHERE fires = array[$1::timestamptz]`, h.at(5)); n != 1 {
			return fmt.Errorf("%d backfills of hour 5", n)
		}
		return nil
	})
	h.record(t, h.ID, "default", carillon.KindSchedule, h.at(5), carillon.StateSucceeded)
	h.alert(t, false, "no fire")
	type audits = struct {
		Items      []struct{ From, To time.Time }
		NextCursor string `json:"next_cursor"`
	}
	newest := into[audits](t, h.call(t, "GET", "/api/v1/audits?limit=1", nil), 200)
	older := into[audits](t, h.call(t, "GET", "/api/v1/audits?limit=1&cursor="+newest.NextCursor, nil), 200)
	if len(newest.Items) != 1 || len(older.Items) != 1 || !older.Items[0].To.Equal(newest.Items[0].From) {
		t.Errorf("%+v, and before %+v", newest, older)
	}
	intoProblem(t, h.call(t, "GET", "/api/v1/audits?cursor=x", nil), 422)
	if n := h.count(t, `SELECT count(*) FROM audits a JOIN audits b ON a.begins < b.begins AND b.begins < a.ends`); n != 0 {
		t.Errorf("%d audits of times that were audited", n)
	}
}

func (h *hourly) drop(t *testing.T, subject string) {
	t.Helper()
	stream, err := h.js.Stream(t.Context(), topology.RunsStream)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Purge(t.Context(), jetstream.WithPurgeSubject(subject)); err != nil {
		t.Fatal(err)
	}
}

// TestAnAuditWaitsForARecorderThatIsBehind has an outcome that nobody records.
func TestAnAuditWaitsForARecorderThatIsBehind(t *testing.T) {
	t.Parallel()
	h := newHourly(t)
	around := surroundings{js: h.js}
	if behind, err := around.Behind(t.Context(), 0); err != nil || behind {
		t.Error(behind, err)
	}
	if _, err := h.js.Publish(t.Context(), "outcome.default.x.finished", nil); err != nil {
		t.Fatal(err)
	}
	eventually.Succeeds(t, func() error {
		behind, err := around.Behind(t.Context(), time.Millisecond)
		if err == nil && !behind {
			err = errors.New("not behind")
		}
		return err
	})
	if behind, err := around.Behind(t.Context(), time.Hour); err != nil || behind {
		t.Error(behind, err)
	}
}

// TestMoreUnexplainedFiresThanAListHolds has three jobs that should have fired every
// second for two hours.
func TestMoreUnexplainedFiresThanAListHolds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begin := time.Now().UTC().Add(-3 * time.Hour).Truncate(time.Hour)
	for range 3 {
		job := carillon.NewJobID()
		w.history(t, job, 1, "created", begin, `{"every": "1s"}`)
		w.history(t, job, 2, "deleted", begin.Add(2*time.Hour), `{"every": "1s"}`)
	}
	w.auditItself(t)
	eventually.Succeeds(t, func() error {
		if n := w.count(t, `SELECT count(*) FROM unexplained_fires`); n != 3*7200 {
			return fmt.Errorf("%d fires on the list", n)
		}
		return nil
	})
	if n := w.count(t, `SELECT sum(unexplained) FROM audits`); n != 3*7200 {
		t.Errorf("%d counted", n)
	}
}

func TestAnAuditEveryMomentIsRefused(t *testing.T) {
	t.Parallel()
	if err := Run(t.Context(), Config{AuditEvery: time.Millisecond}, nil); err == nil || !strings.Contains(err.Error(), "CARILLON_AUDIT_EVERY") {
		t.Error(err)
	}
}
