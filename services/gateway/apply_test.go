package gateway

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/shared/carillon"
	carillonclient "github.com/carillon-cron/carillon/shared/client"
	"github.com/google/go-cmp/cmp"
)

// documentIn is a document of a namespace of a test's own, so that tests share a world.
func documentIn(namespace, name string) object {
	d := document(name)
	d["namespace"] = namespace
	return d
}

func (w *world) apply(t *testing.T, order object) carillonclient.ApplyAnswer {
	t.Helper()
	return into[carillonclient.ApplyAnswer](t, w.call(t, "POST", "/api/v1/jobs/apply", order), 200)
}

func actions(answer carillonclient.ApplyAnswer) (all []string) {
	for _, job := range answer.Jobs {
		all = append(all, strings.Join(append([]string{job.Name, job.Action}, job.Changed...), " "))
	}
	return all
}

func wantActions(t *testing.T, answer carillonclient.ApplyAnswer, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, actions(answer)); diff != "" {
		t.Error(diff)
	}
	counted := map[string]int{}
	for _, job := range answer.Jobs {
		counted[job.Action]++
	}
	if answer.Created != counted["created"] || answer.Updated != counted["updated"] || answer.Unchanged != counted["unchanged"] {
		t.Errorf("counts do not fit: %+v", answer)
	}
}

// written counts what a change leaves behind.
func (w *world) writtenIn(t *testing.T, namespace string) (n int) {
	t.Helper()
	return w.count(t, `
		SELECT (SELECT count(*) FROM job_revisions WHERE document->>'namespace' = $1) + (SELECT count(*) FROM audit_log WHERE namespace = $1)
			+ (SELECT count(*) FROM jobs WHERE namespace = $1)`, namespace)
}

func TestApply(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, test := range map[string]func(*testing.T, *world){
		"creates, changes and leaves alone":   applyLife,
		"a dry run changes nothing":           applyDry,
		"with one fault nothing is done":      applyFaults,
		"a pause by hand outlives it":         applyPaused,
		"sets are told apart":                 applySets,
		"queues and secrets are held":         applyUses,
		"at once, each job is made once":      applyAtOnce,
		"what adaptive rescheduling did":      applyAdapted,
		"a text is known only while it holds": applyKnown,
		"scope and role":                      applyScope,
		"a full batch":                        applyBatch,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t, w) })
	}
}

func applyLife(t *testing.T, w *world) {
	a, b := documentIn("life", "a"), documentIn("life", "b")
	first := w.apply(t, object{"jobs": []object{a, b}})
	wantActions(t, first, "a created", "b created")
	b["schedule"], b["labels"] = object{"cron": "5 * * * *"}, object{"team": "x"}
	c := documentIn("life", "c")
	second := w.apply(t, object{"jobs": []object{c, b, a}})
	wantActions(t, second, "c created", "b updated /labels /schedule/cron /schedule/every", "a unchanged")
	if second.Jobs[1].Revision != 2 || second.Jobs[1].ID != first.Jobs[1].ID || second.Jobs[2].ID != first.Jobs[0].ID {
		t.Errorf("%+v after %+v", second, first)
	}
	job := into[carillon.Job](t, w.call(t, "GET", "/api/v1/jobs/"+second.Jobs[1].ID.String(), nil), 200)
	definition, _ := w.published(t, job.ID, 2)
	if !cmp.Equal(definition.Job, job) || job.Labels["team"] != "x" || job.Schedule.Cron != "5 * * * *" {
		t.Error(cmp.Diff(definition.Job, job))
	}
	if diff := cmp.Diff([]string{"b"}, w.names(t, "/api/v1/jobs?namespace=life&label=team%3Dx", 10)); diff != "" {
		t.Error(diff)
	}
	before := w.writtenIn(t, "life")
	wantActions(t, w.apply(t, object{"jobs": []object{c, b, a}}), "c unchanged", "b unchanged", "a unchanged")
	if n := w.writtenIn(t, "life"); n != before || n != 4+4+3 {
		t.Errorf("%d rows of revisions, audit log and jobs, want %d", n, before)
	}
	lines := w.count(t, `SELECT count(*) FROM audit_log WHERE namespace = 'life' AND actor = 'admin' AND (action = 'created') = (before IS NULL) AND after IS NOT NULL`)
	if lines != 4 {
		t.Errorf("%d of 4 lines say what was before and after", lines)
	}
}

func applyDry(t *testing.T, w *world) {
	a := documentIn("dry", "a")
	w.apply(t, object{"jobs": []object{a}})
	before := w.writtenIn(t, "dry")
	a["queue"] = "low"
	order := object{"jobs": []object{a, documentIn("dry", "b")}, "dry_run": true, "set": "s"}
	answer := w.apply(t, order)
	wantActions(t, answer, "a updated /set /queue", "b created")
	if !answer.DryRun || answer.Jobs[0].Revision != 2 || answer.Jobs[1].Revision != 1 || answer.Jobs[1].ID != [16]byte{} {
		t.Errorf("%+v", answer)
	}
	if n := w.writtenIn(t, "dry"); n != before {
		t.Errorf("a dry run wrote %d rows", n-before)
	}
	a["queue"] = "nowhere"
	intoProblem(t, w.call(t, "POST", "/api/v1/jobs/apply", order), 422)
	delete(order, "dry_run")
	a["queue"] = "low"
	wantActions(t, w.apply(t, order), "a updated /set /queue", "b created")
}

func applyFaults(t *testing.T, w *world) {
	with := func(name string, more object) object {
		d := documentIn("faulty", name)
		for key, value := range more {
			d[key] = value
		}
		return d
	}
	good := with("good", nil)
	many := []object{}
	for i := range 1001 {
		many = append(many, documentIn("faulty", fmt.Sprint("n", i)))
	}
	for name, test := range map[string]struct {
		body   any
		status int
		want   []string
	}{
		"each in its place": {object{"jobs": []object{good, with("b", object{"schedule": object{"cron": "x"}, "typo": 1}), with("c", object{"target": object{"url": 7}})}}, 422,
			[]string{"body.jobs[1].schedule.cron", "body.jobs[1].typo", "body.jobs[2].target.url"}},
		"a name twice":              {object{"jobs": []object{good, with("b", nil), good}}, 422, []string{"body.jobs[2].name"}},
		"a queue that is not there": {object{"jobs": []object{good, with("b", object{"queue": "nowhere"})}}, 422, []string{"body.jobs[1].queue"}},
		"a secret that is not there": {object{"jobs": []object{good, with("b", object{"target": object{"url": "https://e.com", "auth": object{"bearer": object{"secret": "none"}}}})}}, 422,
			[]string{"body.jobs[1].target.auth.bearer.secret"}},
		"an instant that passes": {object{"jobs": []object{good, with("b", object{"schedule": object{"at": time.Now().Add(time.Second)}})}}, 422, []string{"body.jobs[1].schedule.at"}},
		"none":                   {object{"jobs": []object{}}, 422, []string{"body.jobs"}},
		"null":                   {object{"jobs": nil}, 422, []string{"body.jobs"}},
		"one is null":            {object{"jobs": []any{good, nil}}, 422, []string{"body.jobs[1]"}},
		"too many":               {object{"jobs": many}, 422, []string{"body.jobs"}},
		"unknown parts":          {object{"jobs": []object{good}, "sets": "a"}, 422, []string{"body.sets"}},
		"a bad set":              {object{"jobs": []object{good}, "set": "No Set"}, 422, []string{"body.set"}},
		"a set of NUL":           {object{"jobs": []object{good}, "set": "\x00"}, 422, []string{"body.set"}},
		"a name of NUL":          {object{"jobs": []object{with("a\x00", nil)}}, 422, []string{"body.jobs[0].name"}},
		"parts twice":            {`{"jobs": [], "set": "a", "jobs": [], "set": "b"}`, 422, []string{"body.jobs", "body.set"}},
		"malformed":              {`{"jobs": [{]}`, 400, []string{"body"}},
		"goes on":                {`{"jobs": []} {}`, 400, []string{"body"}},
		"a list":                 {`[]`, 422, []string{"body"}},
		"too large":              {object{"jobs": []object{good}, "set": strings.Repeat("x", 8<<20)}, 413, nil},
	} {
		p := intoProblem(t, w.call(t, "POST", "/api/v1/jobs/apply", test.body), test.status)
		if diff := cmp.Diff(test.want, slices.Compact(slices.Sorted(slices.Values(p.locations())))); diff != "" {
			t.Errorf("%s: %s %+v", name, diff, p)
		}
	}
	if n := w.writtenIn(t, "faulty"); n != 0 {
		t.Errorf("%d rows after nothing but faults", n)
	}
	var endless strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&endless, `"a%d\u0000": 1, "b%d": 1, `, i, i)
	}
	if p := intoProblem(t, w.call(t, "POST", "/api/v1/jobs/apply", `{"jobs": [{`+endless.String()+`"name":"x"}]}`), 422); len(p.Errors) != 1000 {
		t.Errorf("%d faults told, want 1000", len(p.Errors))
	}
}

func applyPaused(t *testing.T, w *world) {
	a := documentIn("pauses", "a")
	id := w.apply(t, object{"jobs": []object{a}}).Jobs[0].ID.String()
	into[object](t, w.call(t, "POST", "/api/v1/jobs/"+id+"/pause", nil), 200)
	wantActions(t, w.apply(t, object{"jobs": []object{a}}), "a unchanged")
	a["labels"] = object{"a": "b"}
	wantActions(t, w.apply(t, object{"jobs": []object{a}}), "a updated /labels")
	if job := into[carillon.Job](t, w.call(t, "GET", "/api/v1/jobs/"+id, nil), 200); !job.Paused {
		t.Error("it is not paused any more")
	}
	a["paused"] = false
	wantActions(t, w.apply(t, object{"jobs": []object{a}}), "a updated /paused")
	a["paused"] = true
	wantActions(t, w.apply(t, object{"jobs": []object{a}}), "a updated /paused")
}

func applySets(t *testing.T, w *world) {
	a, b := documentIn("sets", "a"), documentIn("sets", "b")
	w.apply(t, object{"jobs": []object{a, b}})
	revisions := w.count(t, `SELECT count(*) FROM job_revisions WHERE document->>'namespace' = 'sets'`)
	wantActions(t, w.apply(t, object{"jobs": []object{a}, "set": "one"}), "a updated /set")
	wantActions(t, w.apply(t, object{"jobs": []object{a}, "set": "one"}), "a unchanged")
	wantActions(t, w.apply(t, object{"jobs": []object{a, b}, "set": "two"}), "a updated /set", "b updated /set")
	wantActions(t, w.apply(t, object{"jobs": []object{a, b}}), "a unchanged", "b unchanged")
	wantActions(t, w.apply(t, object{"jobs": []object{b}, "set": "two"}), "b unchanged")
	if n := w.count(t, `SELECT count(*) FROM jobs WHERE apply_set = 'two'`); n != 2 {
		t.Errorf("%d in the set, want 2", n)
	}
	if n := w.count(t, `SELECT count(*) FROM job_revisions WHERE document->>'namespace' = 'sets'`); n != revisions {
		t.Error("to come into a set made a revision")
	}
	if n := w.count(t, `SELECT count(*) FROM audit_log WHERE namespace = 'sets' AND after ? 'set'`); n != 3 {
		t.Errorf("%d lines about sets, want 3", n)
	}
}

func applyUses(t *testing.T, w *world) {
	into[object](t, w.call(t, "PUT", "/api/v1/secrets/uses/token", object{"value": "x"}), 200)
	a := documentIn("uses", "a")
	a["target"] = object{"url": "https://e.com", "auth": object{"bearer": object{"secret": "token"}}}
	w.apply(t, object{"jobs": []object{a}})
	intoProblem(t, w.call(t, "DELETE", "/api/v1/secrets/uses/token", nil), http.StatusConflict)
	a["target"] = object{"url": "https://e.com"}
	w.apply(t, object{"jobs": []object{a}})
	into[struct{}](t, w.call(t, "DELETE", "/api/v1/secrets/uses/token", nil), 204)
}

func applyAtOnce(t *testing.T, w *world) {
	const callers = 4
	answers := make(chan response, callers)
	for i := range callers {
		go func() {
			jobs := []object{}
			for j := range 50 {
				jobs = append(jobs, documentIn("race", fmt.Sprint("job-", (j*7+i*13)%50)))
			}
			answers <- w.call(t, "POST", "/api/v1/jobs/apply", object{"jobs": jobs})
		}()
	}
	created := 0
	for range callers {
		created += into[carillonclient.ApplyAnswer](t, <-answers, 200).Created
	}
	if n := w.count(t, `SELECT count(*) FROM job_revisions WHERE document->>'namespace' = 'race'`); n != 50 || created != 50 {
		t.Errorf("%d created, %d revisions, want 50", created, n)
	}
}

func applyAdapted(t *testing.T, w *world) {
	a := documentIn("adapted", "a")
	a["adaptive"] = object{"mode": "auto"}
	id := w.apply(t, object{"jobs": []object{a}}).Jobs[0].ID
	w.exec(t, `UPDATE jobs SET revision = 2, document = jsonb_set(document, '{schedule,adapted}', '{"every": "2h", "by": "stretched"}') WHERE id = $1`, id)
	wantActions(t, w.apply(t, object{"jobs": []object{a}}), "a unchanged")
	wantActions(t, w.apply(t, object{"jobs": []object{a}}), "a unchanged")
}

func applyKnown(t *testing.T, w *world) {
	a := documentIn("known", "a")
	path := "/api/v1/jobs/" + w.apply(t, object{"jobs": []object{a}}).Jobs[0].ID.String()
	// Whoever reads nothing of a known text does not see this either.
	w.exec(t, `UPDATE jobs SET document = jsonb_set(document, '{queue}', '"low"') WHERE namespace = 'known'`)
	wantActions(t, w.apply(t, object{"jobs": []object{a}}), "a unchanged")
	into[object](t, w.call(t, "PATCH", path, object{"labels": object{"x": "y"}}), 200)
	wantActions(t, w.apply(t, object{"jobs": []object{a}}), "a updated /labels /queue")
	into[object](t, w.call(t, "PATCH", path, object{"labels": object{"x": "y"}}), 200)
	into[object](t, w.call(t, "POST", path+"/rollback", object{"revision": 1}), 200)
	wantActions(t, w.apply(t, object{"jobs": []object{a}}), "a unchanged")
	into[struct{}](t, w.call(t, "DELETE", path, nil), 204)
	wantActions(t, w.apply(t, object{"jobs": []object{a}}), "a created")
}

func applyScope(t *testing.T, w *world) {
	theirs, ours := documentIn("theirs", "a"), documentIn("ours", "a")
	w.apply(t, object{"jobs": []object{theirs, ours}})
	key := w.keyFor(t, keyring.Editor, "ours")
	for _, dry := range []bool{false, true} {
		p := intoProblem(t, w.callAs(t, key, "POST", "/api/v1/jobs/apply", object{"jobs": []object{ours, theirs}, "dry_run": dry}), 403)
		never := intoProblem(t, w.callAs(t, key, "POST", "/api/v1/jobs/apply", object{"jobs": []object{ours, documentIn("theirs", "never")}, "dry_run": dry}), 403)
		if diff := cmp.Diff(p, never); diff != "" || !strings.Contains(p.Detail, "ours") {
			t.Error(diff, p)
		}
	}
	wantActions(t, into[carillonclient.ApplyAnswer](t, w.callAs(t, key, "POST", "/api/v1/jobs/apply", object{"jobs": []object{ours}}), 200), "a unchanged")
	intoProblem(t, w.callAs(t, w.keyFor(t, keyring.Operator, "ours"), "POST", "/api/v1/jobs/apply", object{"jobs": []object{ours}, "dry_run": true}), 403)
}

func applyBatch(t *testing.T, w *world) {
	jobs := []object{}
	for i := range 1000 {
		jobs = append(jobs, documentIn("batch", fmt.Sprint("job-", i)))
	}
	began := time.Now()
	if answer := w.apply(t, object{"jobs": jobs, "set": "batch"}); answer.Created != 1000 {
		t.Errorf("%d created", answer.Created)
	}
	first := time.Since(began)
	began = time.Now()
	if answer := w.apply(t, object{"jobs": jobs, "set": "batch"}); answer.Unchanged != 1000 {
		t.Errorf("%d unchanged", answer.Unchanged)
	}
	t.Logf("1,000 jobs made in %v, known in %v", first, time.Since(began))
	if n := w.writtenIn(t, "batch"); n != 3000 {
		t.Errorf("%d rows", n)
	}
}
