package gateway

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/shared/carillon"
	carillonclient "github.com/carillon-cron/carillon/shared/client"
	"github.com/google/go-cmp/cmp"
)

// plant makes jobs a, b, c and d of a namespace, labelled so that selectors tell
// them apart, and all in a set of the namespace's name.
func (w *world) plant(t *testing.T, namespace string) map[string]string {
	t.Helper()
	jobs, ids := []object{}, map[string]string{}
	for name, labels := range map[string]object{
		"a": {"team": "x", "env": "dev"}, "b": {"team": "x", "legacy": ""}, "c": {"team": "R&D north", "env": "prod"}, "d": {},
	} {
		d := documentIn(namespace, name)
		d["labels"], d["paused"] = labels, name == "d"
		d["target"] = object{"url": "https://" + name + ".example.com/Path_" + namespace}
		jobs = append(jobs, d)
	}
	for _, job := range w.apply(t, object{"jobs": jobs, "set": namespace}).Jobs {
		ids[job.Name] = job.ID.String()
	}
	return ids
}

func (w *world) bulk(t *testing.T, order object) carillonclient.BulkAnswer {
	t.Helper()
	return into[carillonclient.BulkAnswer](t, w.call(t, "POST", "/api/v1/jobs/bulk", order), 200)
}

func TestBulk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, test := range map[string]func(*testing.T, *world){
		"lists are selected alike":   bulkLists,
		"pauses and resumes":         bulkPauses,
		"labels":                     bulkLabels,
		"prunes what a set has left": bulkPrunes,
		"bad orders change nothing":  bulkFaults,
		"role and scope":             bulkScope,
		"more than a page":           bulkPages,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t, w) })
	}
}

func bulkLists(t *testing.T, w *world) {
	ids := w.plant(t, "lists")
	for query, want := range map[string]string{
		"label=team%3Dx": "ab", "label=team%3Dx,env!%3Ddev": "b", "label=team+in+(x,R%26D+north)": "abc", "label=team": "abc", "label=!team": "d",
		"label=env+notin+(dev)": "bcd", "label=legacy%3D": "b", "label=!legacy,team%3Dx": "a", "set=lists": "abcd", "set=none": "", "q=B.EXAMPLE": "b", "q=path_lists": "abcd",
		"q=th_li": "abcd", "q=th%25li": "", "q=b.": "", "q=ex": "", "q=B": "b", "paused=true": "d",
	} {
		got := strings.Join(w.names(t, "/api/v1/jobs?namespace=lists&"+query, 500), "")
		if got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	for name, test := range map[string]struct {
		filter object
		want   string
	}{
		"selector": {object{"namespace": "lists", "selector": "team=x,env!=dev"}, "b"}, "text": {object{"namespace": "lists", "text": "c.exam"}, "c"},
		"paused": {object{"set": "lists", "paused": true}, "d"}, "ids": {object{"ids": []string{ids["a"], ids["c"]}}, "ac"},
		"no ids": {object{"namespace": "lists", "ids": []string{}}, ""}, "except": {object{"set": "lists", "except": []string{ids["a"], ids["c"]}}, "bd"},
	} {
		answer, got := w.bulk(t, object{"action": "delete", "filter": test.filter, "dry_run": true}), []string{}
		for _, job := range answer.Jobs {
			got = append(got, job.Name)
		}
		slices.Sort(got)
		if strings.Join(got, "") != test.want || answer.Matched != len(got) || answer.Changed != len(got) || !answer.DryRun {
			t.Errorf("%s: %+v, want %s", name, answer, test.want)
		}
	}
}

func bulkPauses(t *testing.T, w *world) {
	ids := w.plant(t, "still")
	order := object{"action": "pause", "filter": object{"namespace": "still"}}
	foreseen := w.bulk(t, object{"action": "pause", "filter": order["filter"], "dry_run": true})
	if foreseen.Matched != 4 || foreseen.Changed != 3 {
		t.Errorf("%+v", foreseen)
	}
	if answer := w.bulk(t, order); answer.Changed != 3 || answer.More || answer.DryRun {
		t.Errorf("%+v", answer)
	}
	if answer := w.bulk(t, order); answer.Changed != 0 {
		t.Errorf("done twice: %+v", answer)
	}
	job := into[carillon.Job](t, w.call(t, "GET", "/api/v1/jobs/"+ids["a"], nil), 200)
	definition, _ := w.published(t, job.ID, 2)
	if !job.Paused || !cmp.Equal(definition.Job, job) {
		t.Error(cmp.Diff(definition.Job, job))
	}
	n := w.count(t, `SELECT count(*) FROM audit_log WHERE namespace = 'still' AND action = 'paused' AND NOT before ? 'paused' AND (after->>'paused')::boolean`)
	if revisions := w.count(t, `SELECT count(*) FROM job_revisions WHERE document->>'namespace' = 'still' AND action = 'paused'`); n != 3 || revisions != 3 {
		t.Errorf("%d lines and %d revisions, want 3", n, revisions)
	}
	if answer := w.bulk(t, object{"action": "resume", "filter": object{"namespace": "still", "selector": "team"}}); answer.Changed != 3 {
		t.Errorf("%+v", answer)
	}
	if diff := cmp.Diff([]string{"d"}, w.names(t, "/api/v1/jobs?namespace=still&paused=true", 10)); diff != "" {
		t.Error(diff)
	}
}

func bulkLabels(t *testing.T, w *world) {
	w.plant(t, "labels")
	order := object{"action": "label", "filter": object{"namespace": "labels"}, "labels": object{"set": object{"team": "y"}, "remove": []string{"env"}}}
	if answer := w.bulk(t, order); answer.Changed != 4 {
		t.Errorf("%+v", answer)
	}
	if answer := w.bulk(t, order); answer.Changed != 0 {
		t.Errorf("done twice: %+v", answer)
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "d"}, w.names(t, "/api/v1/jobs?namespace=labels&label=team%3Dy,!env", 10)); diff != "" {
		t.Error(diff)
	}
	many := object{}
	for i := range 32 {
		many[fmt.Sprint("key-", i)] = ""
	}
	order["labels"] = object{"set": many}
	if p := intoProblem(t, w.call(t, "POST", "/api/v1/jobs/bulk", order), 422); !slices.Equal(p.locations(), []string{"body.labels.set"}) || !strings.Contains(p.Errors[0].Message, "labels") {
		t.Errorf("%+v", p)
	}
}

func bulkPrunes(t *testing.T, w *world) {
	ids := w.plant(t, "prune")
	w.create(t, documentIn("prune", "by-hand"))
	order := object{"action": "delete", "filter": object{"set": "prune", "except": []string{ids["a"]}}}
	if answer := w.bulk(t, order); answer.Changed != 3 {
		t.Errorf("%+v", answer)
	}
	if diff := cmp.Diff([]string{"a", "by-hand"}, w.names(t, "/api/v1/jobs?namespace=prune", 10)); diff != "" {
		t.Error(diff)
	}
	intoProblem(t, w.call(t, "GET", "/api/v1/jobs/"+ids["b"], nil), 404)
	b := into[struct{ Items []struct{ Action string } }](t, w.call(t, "GET", "/api/v1/jobs/"+ids["b"]+"/revisions", nil), 200)
	if len(b.Items) != 2 || b.Items[0].Action != "deleted" {
		t.Errorf("%+v", b)
	}
	if n := w.count(t, `SELECT count(*) FROM audit_log WHERE namespace = 'prune' AND action = 'deleted' AND before IS NOT NULL AND after IS NULL`); n != 3 {
		t.Errorf("%d lines, want 3", n)
	}
	w.relayed(t)
}

func bulkFaults(t *testing.T, w *world) {
	all := object{"namespace": "none"}
	for name, test := range map[string]struct {
		order object
		want  []string
	}{
		"nothing":            {object{}, []string{"body.action", "body.filter"}},
		"an empty filter":    {object{"action": "delete", "filter": object{}}, []string{"body.filter"}},
		"only exceptions":    {object{"action": "delete", "filter": object{"except": []string{}}}, []string{"body.filter"}},
		"an empty namespace": {object{"action": "delete", "filter": object{"namespace": "", "set": ""}}, []string{"body.filter.namespace", "body.filter.set"}},
		"odd parts":          {object{"action": "drop", "filter": object{"namespace": "none", "state": "x", "ids": []string{"y"}, "selector": "a b"}}, []string{"body.action", "body.filter.ids[0]", "body.filter.selector", "body.filter.state"}},
		"no labels":          {object{"action": "label", "filter": all}, []string{"body.labels"}},
		"needless labels":    {object{"action": "pause", "filter": all, "labels": object{"remove": []string{"a"}}}, []string{"body.labels"}},
		"bad labels":         {object{"action": "label", "filter": all, "labels": object{"set": object{"-": "x"}}}, []string{"body.labels.set"}},
		"both at once":       {object{"action": "label", "filter": all, "labels": object{"set": object{"a": "x"}, "remove": []string{"a"}}}, []string{"body.labels.remove"}},
	} {
		p := intoProblem(t, w.call(t, "POST", "/api/v1/jobs/bulk", test.order), 422)
		if diff := cmp.Diff(test.want, slices.Compact(slices.Sorted(slices.Values(p.locations())))); diff != "" {
			t.Errorf("%s: %s %+v", name, diff, p)
		}
	}
}

func bulkScope(t *testing.T, w *world) {
	theirs := w.plant(t, "their-own")
	w.plant(t, "our-own")
	operator, editor := w.keyFor(t, keyring.Operator, "our-own"), w.keyFor(t, keyring.Editor, "our-own")
	for _, action := range []string{"delete", "label"} {
		order := object{"action": action, "filter": object{"namespace": "our-own"}, "dry_run": true}
		if action == "label" {
			order["labels"] = object{"remove": []string{"x"}}
		}
		intoProblem(t, w.callAs(t, operator, "POST", "/api/v1/jobs/bulk", order), 403)
	}
	for _, filter := range []object{{"namespace": "their-own"}, {"ids": []string{theirs["a"]}}, {"set": "their-own"}} {
		for _, dry := range []bool{true, false} {
			answer := into[carillonclient.BulkAnswer](t, w.callAs(t, editor, "POST", "/api/v1/jobs/bulk", object{"action": "delete", "filter": filter, "dry_run": dry}), 200)
			if answer.Changed+answer.Matched+len(answer.Jobs) > 0 {
				t.Errorf("%+v", answer)
			}
		}
	}
	if answer := into[carillonclient.BulkAnswer](t, w.callAs(t, operator, "POST", "/api/v1/jobs/bulk", object{"action": "pause", "filter": object{"text": "exam"}}), 200); answer.Changed != 3 {
		t.Errorf("%+v", answer)
	}
}

func bulkPages(t *testing.T, w *world) {
	jobs := []object{}
	for i := range 1000 {
		jobs = append(jobs, documentIn("pages", fmt.Sprint("job-", i)))
	}
	w.apply(t, object{"jobs": jobs})
	w.apply(t, object{"jobs": []object{documentIn("pages", "one"), documentIn("pages", "two")}})
	if answer := w.bulk(t, object{"action": "delete", "filter": object{"namespace": "pages"}}); answer.Changed != 1002 || answer.More {
		t.Errorf("%+v", answer)
	}
	if n := w.count(t, `SELECT count(*) FROM jobs WHERE namespace = 'pages'`); n != 0 {
		t.Errorf("%d are left", n)
	}
}
