package gateway

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/go-cmp/cmp"
)

func (w *world) retentions(t *testing.T) (all []string) {
	t.Helper()
	type item struct {
		Namespace, Keep string
		States          map[string]string
	}
	for _, i := range into[struct{ Items []item }](t, w.call(t, "GET", "/api/v1/retention", nil), 200).Items {
		all = append(all, fmt.Sprint(i.Namespace, " ", i.Keep, " ", i.States))
	}
	return all
}

func TestRetentionOfAllAndOfANamespace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	check := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, w.retentions(t)); diff != "" {
			t.Error(diff)
		}
	}
	check(" 90d map[succeeded:30d]")
	put := func(path string, body object) {
		t.Helper()
		into[object](t, w.call(t, "PUT", "/api/v1/retention"+path, body), 200)
	}
	put("/billing", object{"keep": "400d", "states": object{"skipped": "7d", "succeeded": "48h"}})
	put("/audit", object{"keep": "3650d"})
	put("", object{"keep": "10d"})
	check(" 10d map[]", "audit 3650d map[]", "billing 400d map[skipped:7d succeeded:2d]")
	put("/audit", object{"namespace": "audit", "keep": "3650d"}) // no change
	if n := w.count(t, `SELECT count(*) FROM audit_log WHERE object = 'retention'`); n != 3 {
		t.Errorf("%d lines in the audit log", n)
	}
	into[object](t, w.call(t, "DELETE", "/api/v1/retention/billing", nil), 204)
	intoProblem(t, w.call(t, "DELETE", "/api/v1/retention/billing", nil), 404)
	check(" 10d map[]", "audit 3650d map[]")
	if n := w.count(t, `SELECT count(*) FROM audit_log WHERE namespace = 'billing' AND before IS NOT NULL AND after IS NULL`); n != 1 {
		t.Errorf("%d lines of the deletion", n)
	}
}

func TestBadRetentionsAreRefusedAndNameEveryFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		path string
		body object
		want []string
	}{
		{"", object{}, []string{"body.keep"}},
		{"", object{"keep": "0d", "states": object{"succeeded": "12h", "failed": "1d"}}, []string{"body.keep", "body.states.succeeded"}},
		{"", object{"keep": "-5d"}, []string{"body.keep"}},
		{"", object{"keep": "3651d"}, []string{"body.keep"}},
		{"", object{"keep": "36h"}, []string{"body.keep"}},
		{"", object{"keep": 90}, []string{"body.keep"}},
		{"", object{"keep": "9d", "states": object{"running": "1d"}}, []string{"body.states"}},
		{"", object{"keep": "9d", "states": object{"done": "1d"}}, []string{"body.states"}},
		{"", object{"keep": "9d", "days": 3}, []string{"body.days"}},
		{"/billing", object{"keep": "9d", "namespace": "other"}, []string{"body.namespace"}},
		{"", object{"keep": "9d", "namespace": "other"}, []string{"body.namespace"}},
		{"/Bad_Name", object{"keep": "9d"}, []string{"path.namespace"}},
	} {
		got := intoProblem(t, w.call(t, "PUT", "/api/v1/retention"+c.path, c.body), 422).locations()
		if slices.Sort(got); !slices.Equal(got, c.want) {
			t.Errorf("%s %v: faults at %v, want %v", c.path, c.body, got, c.want)
		}
	}
	if diff := cmp.Diff([]string{" 90d map[succeeded:30d]"}, w.retentions(t)); diff != "" {
		t.Error(diff)
	}
}

// TestAnAuditBeginsWhereRetentionEnds has a namespace that has lost runs, and one
// that has not.
func TestAnAuditBeginsWhereRetentionEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.day(t, noon)
	w.day(t, noon.AddDate(0, 0, 1))
	job := carillon.NewJobID()
	w.history(t, job, 1, "created", noon, `{"every": "12h"}`)
	w.record(t, job, "default", carillon.KindSchedule, noon.Add(12*time.Hour), carillon.StateSucceeded)
	w.record(t, job, "default", carillon.KindSchedule, noon.Add(24*time.Hour), carillon.StateSucceeded)
	w.record(t, carillon.NewJobID(), "other", carillon.KindManual, noon, carillon.StateFailed)
	const window = "from=2026-11-20T12:00:00Z&to=2026-11-22T00:00:00Z"
	if got := w.audit(t, window); got.Expected != 3 || got.Unexplained != 1 {
		t.Errorf("before: %+v", got)
	}
	next := noon.Truncate(24*time.Hour).AddDate(0, 0, 1)
	w.exec(t, `INSERT INTO horizons (namespace, begins) VALUES ('default', $1)`, next)
	for query, want := range map[string]time.Time{
		"": next, "&namespace=default": next, "&job_id=" + job.String(): next, "&namespace=other": noon,
	} {
		if got := w.audit(t, window+query); !got.From.Equal(want) {
			t.Errorf("%s: from %s: %+v", query, got.From, got)
		}
	}
	if got := w.audit(t, "from=2026-11-20T12:00:00Z&to=2026-11-20T18:00:00Z"); got.Expected != 0 || got.From.Before(got.To) {
		t.Errorf("a window that is forgotten: %+v", got)
	}
}
