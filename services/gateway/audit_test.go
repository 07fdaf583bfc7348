package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	api "github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/google/uuid"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// history writes a revision of a job of the namespace "default", as the store
// would have, after which a planner has decided all up to now.
func (w *world) history(t *testing.T, job uuid.UUID, revision int, action string, from time.Time, spec string) {
	t.Helper()
	w.exec(t, `INSERT INTO job_revisions (job_id, revision, action, document, effective_from, actor) VALUES ($1, $2, $3, $4, $5, 'test')`,
		job, revision, action, fmt.Sprintf(`{"namespace": "default", "name": "tick", "paused": %t, "schedule": %s}`, action == "paused", spec), from)
	w.decide(t, job, time.Now())
}

func (w *world) day(t *testing.T, day time.Time) {
	t.Helper()
	w.exec(t, `SELECT ensure_day_partition($1::date)`, day.Format(time.DateOnly))
}

// fireAll records fires of a job from an instant on, a second apart.
func (w *world) fireAll(t *testing.T, job uuid.UUID, from time.Time, n int) {
	t.Helper()
	for i := range n {
		w.record(t, job, "default", carillon.KindSchedule, from.Add(time.Duration(i)*time.Second), carillon.StateSucceeded)
	}
}

func (w *world) audit(t *testing.T, query string) api.Audit {
	t.Helper()
	return into[api.Audit](t, w.call(t, "GET", "/api/v1/audit?"+query, nil), 200)
}

const audited = "from=2026-11-20T12:00:00Z&to=2026-11-20T12:01:00Z"

// TestAuditOfAnEditedJob has a job that fired every second for 20 s, was paused
// for 20 s, then fired every 2 s until it was deleted after 10 s more.
func TestAuditOfAnEditedJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.day(t, noon)
	job := carillon.NewJobID()
	w.history(t, job, 1, "created", noon, `{"every": "1s"}`)
	w.history(t, job, 2, "paused", noon.Add(20*time.Second), `{"every": "1s"}`)
	w.history(t, job, 3, "resumed", noon.Add(40*time.Second), `{"every": "2s"}`)
	w.history(t, job, 4, "deleted", noon.Add(50*time.Second), `{"every": "2s"}`)
	w.fireAll(t, job, noon, 20)
	for i := range 5 {
		w.record(t, job, "default", carillon.KindSchedule, noon.Add(time.Duration(40+2*i)*time.Second), carillon.StateMissed)
	}
	w.record(t, job, "default", carillon.KindManual, noon.Add(30*time.Second), carillon.StateSucceeded)
	whole := w.audit(t, audited)
	if !whole.Clean() || whole.Jobs != 1 || whole.Expected != 25 || whole.States[carillon.StateSucceeded] != 20 || whole.States[carillon.StateMissed] != 5 || whole.OtherRevision != 5 {
		t.Errorf("%+v", whole)
	}

	w.exec(t, `DELETE FROM runs WHERE fire_time = $1`, noon.Add(7*time.Second))
	w.exec(t, `UPDATE runs SET state = 'running' WHERE fire_time = $1`, noon.Add(8*time.Second))
	w.exec(t, `UPDATE runs SET started_at = fire_time + interval '1 minute' WHERE fire_time = $1`, noon.Add(9*time.Second))
	w.record(t, job, "default", carillon.KindSchedule, noon.Add(20*time.Second), carillon.StateSucceeded) // the pause came late
	w.exec(t, `DELETE FROM runs WHERE fire_time = $1`, noon.Add(44*time.Second))
	for _, second := range []int{3, 44, 59} { // one beside its run, one for it, one when the job was deleted
		w.record(t, job, "default", carillon.KindBackfill, noon.Add(time.Duration(second)*time.Second), carillon.StateFailed)
	}
	if got := w.audit(t, audited); got.Filled != 0 || got.Unexplained != 2 {
		t.Errorf("backfills that made no call: %+v", got)
	}
	w.exec(t, `UPDATE runs SET started_at = fire_time + interval '10ms' WHERE kind = 'backfill'`)
	odd := w.record(t, job, "default", carillon.KindSchedule, noon.Add(41500*time.Millisecond), carillon.StateFailed)
	got := w.audit(t, audited)
	if got.Clean() || got.Unexplained != 1 || got.Pending != 1 || got.Superseded != 1 || got.Unexpected != 1 || got.Late.Count != 1 || got.Filled != 1 || got.Expected != 25 {
		t.Fatalf("%+v", got)
	}
	want := api.UnexplainedFire{JobID: job, Job: "tick", Namespace: "default", FireTime: noon.Add(7 * time.Second), Revision: 1}
	if got.UnexplainedFires[0] != want || got.UnexpectedRows[0].RunID != odd || got.Late.Max != carillon.Duration(time.Minute) {
		t.Errorf("%+v", got)
	}
	if p := intoProblem(t, w.call(t, "GET", "/api/v1/audit?"+audited+"&job_id="+uuid.NewString(), nil), 404); p.Detail != "no such job" {
		t.Error(p.Detail)
	}
	for query, want := range map[string]int{
		"&namespace=other": 0, "&namespace=default": 25, "&job_id=" + job.String(): 25,
	} {
		if got := w.audit(t, audited+query); got.Expected != want {
			t.Errorf("%s: %d expected", query, got.Expected)
		}
	}
}

// pause writes a change of a pause, as the store would have.
func (w *world) pause(t *testing.T, namespace string, revision int, paused bool, from time.Time) {
	t.Helper()
	w.exec(t, `INSERT INTO pauses (namespace, revision, paused, effective_from, actor) VALUES (nullif($1, ''), $2, $3, $4, 'test')`,
		namespace, revision, paused, from)
}

// TestAuditOfPauses has a job that should fire every second, but for 20 s for which
// its namespace was paused, and 10 s for which everything was.
func TestAuditOfPauses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.day(t, noon)
	job := carillon.NewJobID()
	w.history(t, job, 1, "created", noon.Add(-time.Hour), `{"every": "1s"}`)
	w.pause(t, "default", 1, true, noon.Add(-time.Hour))
	w.pause(t, "default", 2, false, noon.Add(20*time.Second))
	w.pause(t, "", 1, true, noon.Add(30*time.Second))
	w.pause(t, "", 2, false, noon.Add(40*time.Second))
	w.pause(t, "other", 1, true, noon.Add(-time.Hour))
	w.fireAll(t, job, noon.Add(20*time.Second), 10)
	w.fireAll(t, job, noon.Add(40*time.Second), 20)
	for _, query := range []string{"", "&namespace=default", "&job_id=" + job.String()} {
		if got := w.audit(t, audited+query); !got.Clean() || got.Expected != 30 || got.Superseded != 0 {
			t.Errorf("%s: %+v", query, got)
		}
	}
	if got := w.audit(t, "from=2026-11-20T12:00:00Z&to=2026-11-20T12:00:20Z"); !got.Clean() || got.Expected != 0 {
		t.Errorf("within the pause: %+v", got)
	}
	w.fireAll(t, job, noon.Add(30*time.Second), 1)                                                                       // the pause came late
	odd := w.record(t, job, "default", carillon.KindSchedule, noon.Add(35500*time.Millisecond), carillon.StateSucceeded) // nothing calls for it
	w.fireAll(t, job, noon.Add(15*time.Second), 1)                                                                       // the pause was ignored
	got := w.audit(t, audited)
	if got.Clean() || got.Superseded != 1 || got.Unexpected != 1 || got.Stale != 1 || got.Expected != 30 {
		t.Fatalf("%+v", got)
	}
	if row := got.UnexpectedRows[0]; row.RunID != odd || row.Reason != "everything was paused" {
		t.Errorf("%+v", row)
	}
	if row := got.StaleRows[0]; !row.FireTime.Equal(noon.Add(15*time.Second)) || row.Reason != "planned 1h0m15s after its namespace was paused" {
		t.Errorf("%+v", row)
	}
}

func TestAuditKeepsToWhatIsSettledAndKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := carillon.NewJobID()
	w.history(t, job, 1, "created", noon.AddDate(0, 0, -5), `{"every": "1h"}`)
	if got := w.audit(t, "from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z"); got.Unexplained != 24 || got.LedgerFrom != nil {
		t.Errorf("an empty ledger: %+v", got)
	}
	w.day(t, noon)
	w.day(t, noon.AddDate(0, 0, 1))
	w.day(t, noon.AddDate(0, 0, -2))
	begin := noon.Truncate(24 * time.Hour)
	w.record(t, job, "default", carillon.KindBackfill, begin.AddDate(0, 0, -2), carillon.StateSucceeded)
	if got := w.audit(t, "from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z"); got.Unexplained != 24 || got.LedgerFrom != nil {
		t.Errorf("a ledger of a backfill alone: %+v", got)
	}
	w.record(t, job, "default", carillon.KindManual, begin.Add(time.Hour), carillon.StateSucceeded)
	got := w.audit(t, "from=2026-11-18T00:00:00Z&to=2026-11-20T06:00:00Z")
	if !got.From.Equal(begin) || got.LedgerFrom == nil || !got.LedgerFrom.Equal(begin) || got.Expected != 6 {
		t.Errorf("from before the ledger: %+v", got)
	}
	if got := w.audit(t, "from=2026-11-17T00:00:00Z&to=2026-11-18T00:00:00Z"); got.Expected != 0 || !got.From.Equal(got.To) {
		t.Errorf("all before the ledger: %+v", got)
	}
	before := time.Now()
	got = w.audit(t, "settling=1h")
	if late := got.To.Sub(before.Add(-time.Hour)); late < 0 || late > time.Minute {
		t.Errorf("settled at %s, asked at %s", got.To, before)
	}
}

func TestBadAuditsNameEveryFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for query, want := range map[string][]string{
		"from=soon&to=later&late=x&settling=-1s&job_id=7":            {"query.from", "query.to", "query.late", "query.settling", "query.job_id"},
		"from=2026-11-20T12:00:00Z&to=2026-11-20T12:00:00Z":          {"query.from"},
		"from=2026-10-01T00:00:00Z&to=2026-11-02T00:00:00Z&late=-5s": {"query.from", "query.late"},
		"settling=2d":                                                 {"query.settling"},
		"to=later&from=2020-01-01T00:00:00Z":                          {"query.to"},
		"from=0001-01-01T00:00:00Z":                                   {"query.from"},
		"to=0001-01-01T00:00:00Z&from=0001-01-01T00:00:00Z":           {"query.from"},
		"job_id=00000000-0000-0000-0000-000000000000&late=1s&late=2s": {"query.job_id", "query.late"},
	} {
		p := intoProblem(t, w.call(t, "GET", "/api/v1/audit?"+query, nil), 422)
		found := map[string]bool{}
		for _, location := range p.locations() {
			found[location] = true
		}
		if len(found) != len(want) {
			t.Errorf("%s: %+v", query, p)
		}
		for _, location := range want {
			if !found[location] {
				t.Errorf("%s: %s is not named: %+v", query, location, p)
			}
		}
	}
}

// blockLedger keeps everybody from reading runs until the test ends.
func (w *world) blockLedger(t *testing.T) {
	t.Helper()
	w.day(t, noon)
	tx, err := w.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	if _, err := tx.Exec(t.Context(), `LOCK TABLE runs`); err != nil {
		t.Fatal(err)
	}
}

func (w *world) auditing(t *testing.T, want int) {
	t.Helper()
	eventually.Succeeds(t, func() error {
		n := w.count(t, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%FROM runs WHERE %' AND state = 'active' AND pid <> pg_backend_pid()`)
		if n != want {
			return fmt.Errorf("%d audits in the database, want %d", n, want)
		}
		return nil
	})
}

func TestAnAuditEndsWhenItsClientGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.blockLedger(t)
	ctx, hangUp := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := api.New(w.url, w.key).Audit(ctx, api.AuditQuestion{From: noon, To: noon.Add(time.Hour)})
		ended <- err
	}()
	w.auditing(t, 1)
	hangUp()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	w.auditing(t, 0)
	into[object](t, w.call(t, "GET", "/api/v1/jobs", nil), 200)
}

func TestAnAuditEndsWithTheGateway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.blockLedger(t)
	ended := make(chan error, 1)
	go func() {
		_, err := api.New(w.url, w.key).Audit(context.Background(), api.AuditQuestion{From: noon, To: noon.Add(time.Hour)})
		ended <- err
	}()
	w.auditing(t, 1)
	if err := w.stop(); err != nil {
		t.Error(err)
	}
	var refused *api.Problem
	if err := <-ended; !errors.As(err, &refused) || refused.Status != http.StatusServiceUnavailable {
		t.Errorf("got %v", err)
	}
	w.auditing(t, 0)
}
