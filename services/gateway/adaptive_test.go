package gateway

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
)

type revisions struct {
	Items []struct {
		Revision              int64
		Action, Actor, Reason string
		Document              carillon.Document
	}
}

// adaptive makes a job that adaptive rescheduling may look at at once.
func (w *world) adaptive(t *testing.T, name, mode string) carillon.Job {
	t.Helper()
	wanted := document(name)
	wanted["adaptive"] = object{"mode": mode, "max_interval": "8h"}
	job := w.create(t, wanted)
	w.unquiet(t, job.ID)
	return job
}

// unquiet lets the time pass for which a person's word stands alone.
func (w *world) unquiet(t *testing.T, id uuid.UUID) {
	t.Helper()
	if _, err := w.pool.Exec(t.Context(), `UPDATE jobs SET quiet_until = '-infinity' WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
}

// quiet returns for how long adaptive rescheduling leaves a job alone.
func (w *world) quiet(t *testing.T, id uuid.UUID) time.Duration {
	t.Helper()
	return time.Duration(w.count(t, `SELECT greatest(extract(epoch FROM quiet_until - now()), 0)::int FROM jobs WHERE id = $1`, id)) * time.Second
}

// ask asks as a recorder does.
func (w *world) ask(t *testing.T, changes ...wire.Adaptation) wire.Adapted {
	t.Helper()
	msg, err := w.nc.Request(topology.Adaptations, wire.Encode(wire.Adaptations{Changes: changes}), 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := wire.Decode[wire.Adapted](msg.Data)
	if err != nil || answer.Error != "" {
		t.Fatal(err, answer)
	}
	return answer
}

// stretch is a change to a longer interval.
func stretch(job carillon.Job, every time.Duration) wire.Adaptation {
	return wire.Adaptation{
		JobID: job.ID, Revision: job.Revision, Action: carillon.Stretched,
		Adapted: &schedule.Adapted{Every: schedule.Duration(every)}, Reason: "Its last 3 runs failed.",
	}
}

func (w *world) get(t *testing.T, id uuid.UUID) carillon.Job {
	t.Helper()
	return into[carillon.Job](t, w.call(t, "GET", "/api/v1/jobs/"+id.String(), nil), 200)
}

func (w *world) revisions(t *testing.T, id uuid.UUID) revisions {
	t.Helper()
	return into[revisions](t, w.call(t, "GET", "/api/v1/jobs/"+id.String()+"/revisions", nil), 200)
}

func TestAnAdaptationIsARevisionWithAReasonThatOneStepUndoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := w.adaptive(t, "a", "auto")
	if got := w.ask(t, stretch(job, 2*time.Hour)); got != (wire.Adapted{Applied: 1, Statements: 2}) {
		t.Fatalf("%+v", got)
	}
	after := w.get(t, job.ID)
	if after.Revision != 2 || after.Schedule.Every != job.Schedule.Every || after.Schedule.Adapted.Every != schedule.Duration(2*time.Hour) {
		t.Errorf("%+v", after)
	}
	if published, _ := w.published(t, job.ID, 2); !cmp.Equal(published.Job, after) {
		t.Error(cmp.Diff(published.Job, after))
	}
	if !after.EffectiveFrom.After(job.EffectiveFrom) {
		t.Errorf("holds from %s, the one before from %s", after.EffectiveFrom, job.EffectiveFrom)
	}
	last := w.revisions(t, job.ID).Items[0]
	if last.Action != "stretched" || last.Actor != "adaptive" || last.Reason != "Its last 3 runs failed." {
		t.Errorf("%+v", last)
	}
	if n := w.count(t, `SELECT count(*) FROM audit_log WHERE actor = 'adaptive' AND action = 'stretched' AND before <> after AND object = 'job/' || $1::uuid`, job.ID); n != 1 {
		t.Errorf("%d rows in the audit log", n)
	}
	undone := into[carillon.Job](t, w.call(t, "POST", "/api/v1/jobs/"+job.ID.String()+"/rollback", object{"revision": 1}), 200)
	if undone.Revision != 3 || !cmp.Equal(undone.Document, job.Document) {
		t.Errorf("%+v", undone)
	}
	if quiet := w.quiet(t, job.ID); quiet < 23*time.Hour {
		t.Errorf("quiet for %s", quiet)
	}
	if got := w.ask(t, stretch(undone, 2*time.Hour)); got.Applied != 0 || got.Left != 1 {
		t.Errorf("against a person's word: %+v", got)
	}
}

func TestAdaptationsDoNotFightPersons(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stale, quiet, off, fits := w.adaptive(t, "stale", "auto"), w.adaptive(t, "quiet", "auto"), w.adaptive(t, "off", "off"), w.adaptive(t, "fits", "auto")
	path := func(job carillon.Job) string { return "/api/v1/jobs/" + job.ID.String() }
	into[carillon.Job](t, w.call(t, "PATCH", path(stale), object{"labels": object{"a": "b"}}), 200)
	w.unquiet(t, stale.ID)
	edited := into[carillon.Job](t, w.call(t, "PATCH", path(quiet), object{"labels": object{"a": "b"}}), 200)
	if left := w.quiet(t, quiet.ID); left < 59*time.Minute || left > time.Hour {
		t.Errorf("an edit quiets for %s", left)
	}
	got := w.ask(t, stretch(stale, 2*time.Hour), stretch(edited, 2*time.Hour), stretch(off, 2*time.Hour),
		stretch(fits, 9*time.Hour), stretch(carillon.Job{ID: uuid.New(), Revision: 1}, 2*time.Hour))
	if got.Applied != 0 || got.Left != 5 || got.Statements != 1 {
		t.Errorf("%+v", got)
	}
	if n := w.count(t, `SELECT count(*) FROM job_revisions WHERE actor = 'adaptive'`); n != 0 {
		t.Errorf("%d adaptive revisions", n)
	}
}

// An edit of something else leaves what was adapted, also one that does not speak of
// it; an edit of what it rests on gives the job back.
func TestEditsOfAnAdaptedJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := w.adaptive(t, "a", "auto")
	w.ask(t, stretch(job, 4*time.Hour))
	path := "/api/v1/jobs/" + job.ID.String()
	owners := document("a")
	owners["adaptive"] = object{"mode": "auto", "max_interval": "8h"}
	if got := into[carillon.Job](t, w.call(t, "PUT", path, owners), 200); got.Revision != 2 {
		t.Errorf("the same document again made revision %d", got.Revision)
	}
	owners["labels"] = object{"a": "b"}
	if got := into[carillon.Job](t, w.call(t, "PUT", path, owners), 200); got.Schedule.Adapted == nil {
		t.Error("a label gave it back")
	}
	if got := into[carillon.Job](t, w.call(t, "PATCH", path, w.get(t, job.ID).Document), 200); got.Schedule.Adapted == nil || got.Revision != 3 {
		t.Errorf("its own document made %+v", got)
	}
	if got := into[carillon.Job](t, w.call(t, "PATCH", path, object{"schedule": object{"every": "7m"}}), 200); got.Schedule.Adapted != nil {
		t.Errorf("another interval left %+v", got.Schedule)
	}
}

func TestSuggestions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := func() []jobstore.Suggestion {
		t.Helper()
		return into[struct{ Items []jobstore.Suggestion }](t, w.call(t, "GET", "/api/v1/suggestions?namespace=default", nil), 200).Items
	}
	accepted, dismissed, expired := w.adaptive(t, "accepted", "suggest"), w.adaptive(t, "dismissed", "suggest"), w.adaptive(t, "expired", "suggest")
	changes := []wire.Adaptation{stretch(accepted, 2*time.Hour), stretch(dismissed, 2*time.Hour), stretch(expired, 2*time.Hour)}
	for range 2 {
		if got := w.ask(t, changes...); got != (wire.Adapted{Suggested: 3, Statements: 2}) {
			t.Fatalf("%+v", got)
		}
	}
	found := list()
	if len(found) != 3 || found[0].Reason == "" || time.Until(found[0].ExpiresAt) < 59*time.Minute || !slices.IsSortedFunc(found, byJob) {
		t.Fatalf("%+v", found)
	}
	path := "/api/v1/jobs/" + accepted.ID.String()
	got := into[carillon.Job](t, w.call(t, "POST", path+"/suggestion/accept", nil), 200)
	if got.Revision != 2 || got.Schedule.Adapted.Every != schedule.Duration(2*time.Hour) {
		t.Errorf("accepted: %+v", got)
	}
	if last := w.revisions(t, accepted.ID).Items[0]; last.Action != "stretched" || last.Actor == "adaptive" || last.Reason == "" {
		t.Errorf("%+v", last)
	}
	intoProblem(t, w.call(t, "POST", path+"/suggestion/accept", nil), 404)

	into[struct{}](t, w.call(t, "DELETE", "/api/v1/jobs/"+dismissed.ID.String()+"/suggestion", nil), http.StatusNoContent)
	if w.ask(t, stretch(dismissed, 2*time.Hour)).Left != 1 || w.quiet(t, dismissed.ID) < 23*time.Hour {
		t.Error("what was dismissed is suggested again")
	}
	if _, err := w.pool.Exec(t.Context(), `UPDATE suggestions SET expires_at = now()`); err != nil {
		t.Fatal(err)
	}
	intoProblem(t, w.call(t, "POST", "/api/v1/jobs/"+expired.ID.String()+"/suggestion/accept", nil), 404)
	if found := list(); len(found) != 0 {
		t.Errorf("%+v", found)
	}
}

func byJob(a, b jobstore.Suggestion) int { return strings.Compare(a.JobID.String(), b.JobID.String()) }

func TestRollback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := w.create(t, document("a"))
	path := "/api/v1/jobs/" + job.ID.String()
	into[carillon.Job](t, w.call(t, "PATCH", path, object{"name": "b", "schedule": object{"every": "2h"}, "paused": true}), 200)
	back := into[carillon.Job](t, w.call(t, "POST", path+"/rollback", object{"revision": 1}), 200)
	if back.Revision != 3 || !cmp.Equal(back.Document, job.Document) {
		t.Error(cmp.Diff(back.Document, job.Document))
	}
	if again := into[carillon.Job](t, w.call(t, "POST", path+"/rollback", object{"revision": 1}), 200); again.Revision != 3 {
		t.Errorf("the same again is revision %d", again.Revision)
	}
	if last := w.revisions(t, job.ID).Items[0]; last.Action != "rolled_back" || last.Reason != "Rolled back to revision 1." {
		t.Errorf("%+v", last)
	}
	intoProblem(t, w.call(t, "POST", path+"/rollback", object{"revision": 9}), 404)
	if p := intoProblem(t, w.call(t, "POST", path+"/rollback", object{"revision": 0}), 422); !slices.Equal(p.locations(), []string{"body.revision"}) {
		t.Errorf("%+v", p)
	}
	if _, err := w.pool.Exec(t.Context(), `UPDATE job_revisions SET document = jsonb_set(document, '{schedule,every}', '"1ms"') WHERE revision = 2`); err != nil {
		t.Fatal(err)
	}
	if p := intoProblem(t, w.call(t, "POST", path+"/rollback", object{"revision": 2}), 422); !slices.Equal(p.locations(), []string{"body.schedule.every"}) {
		t.Errorf("%+v", p)
	}
	if _, err := w.pool.Exec(t.Context(), `UPDATE job_revisions SET document = jsonb_set(document, '{schedule,every}', '"2h"') WHERE revision = 2`); err != nil {
		t.Fatal(err)
	}
	w.create(t, document("b"))
	intoProblem(t, w.call(t, "POST", path+"/rollback", object{"revision": 2}), 409)
	into[struct{}](t, w.call(t, "DELETE", path, nil), http.StatusNoContent)
	intoProblem(t, w.call(t, "POST", path+"/rollback", object{"revision": 1}), 404)
}

func TestAPassIsAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	intoProblem(t, w.call(t, "POST", "/api/v1/adaptive/run", nil), 503)
	_, err := w.nc.Subscribe(topology.AdaptivePass, func(msg *nats.Msg) {
		_ = msg.Respond(wire.Encode(wire.PassAnswer{Begun: true}))
	})
	if err != nil {
		t.Fatal(err)
	}
	eventually.Succeeds(t, func() error {
		if got := w.call(t, "POST", "/api/v1/adaptive/run", nil); got.status != http.StatusAccepted || !strings.Contains(string(got.body), `"begun":true`) {
			return fmt.Errorf("%d %s", got.status, got.body)
		}
		return nil
	})
}
