package gateway

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// entitlement says what comes of a request about one's own things, and of the same
// about those of another tenant. Who has too little of a role gets 403 for either.
type entitlement struct {
	operation string
	path      string // with the names of the tenant's things
	body      string
	own       int
	foreign   int
	unlimited int // for a key of all namespaces; own if it is 0
}

// The answers to a request about another tenant's things.
const (
	hidden  = 404 // as if it had never been
	empty   = 200 // a list without them
	refused = 403 // writing into a namespace, or what belongs to none
	nothing = 202 // an order that finds nothing to do
)

const jobBody = `{"namespace": "{namespace}", "name": "fresh", "schedule": {"every": "1h"}, "target": {"url": "https://example.com"}}`

// entitlements has every operation of the OpenAPI document.
var entitlements = []entitlement{
	{"list-jobs", "/jobs?namespace={namespace}", "", 200, empty, 0},
	{"create-job", "/jobs", jobBody, 201, refused, 0},
	{"get-job", "/jobs/{job}", "", 200, hidden, 0},
	{"replace-job", "/jobs/{job}", jobBody, 200, hidden, 0},
	{"patch-job", "/jobs/{job}", `{"labels": {"a": "b"}}`, 200, hidden, 0},
	{"delete-job", "/jobs/{job}", "", 204, hidden, 0},
	{"apply-jobs", "/jobs/apply", `{"jobs": [` + jobBody + `]}`, 200, refused, 0},
	{"bulk-jobs", "/jobs/bulk", `{"action": "pause", "filter": {"ids": ["{job}"]}}`, 200, empty, 0},
	{"bulk-jobs", "/jobs/bulk", `{"action": "resume", "filter": {"namespace": "{namespace}"}, "dry_run": true}`, 200, empty, 0},
	{"list-revisions", "/jobs/{job}/revisions", "", 200, hidden, 0},
	{"pause-job", "/jobs/{job}/pause", "", 200, hidden, 0},
	{"resume-job", "/jobs/{job}/resume", "", 200, hidden, 0},
	{"run-job", "/jobs/{job}/run", "", 202, hidden, 0},
	{"rollback-job", "/jobs/{job}/rollback", `{"revision": 1}`, 200, hidden, 0},
	{"accept-suggestion", "/jobs/{job}/suggestion/accept", "", 200, hidden, 0},
	{"dismiss-suggestion", "/jobs/{job}/suggestion", "", 204, hidden, 0},
	{"list-suggestions", "/suggestions?namespace={namespace}", "", 200, empty, 0},
	{"list-suggestions", "/suggestions", "", 200, empty, 0},
	{"run-adaptive", "/adaptive/run", "", refused, refused, 503}, // there is no recorder here
	{"get-job-stats", "/jobs/{job}/stats", "", 200, hidden, 0},
	{"list-fires", "/jobs/{job}/fires", "", 200, hidden, 0},
	{"backfill-job", "/jobs/{job}/backfill", `{"from": "{from}", "dry_run": true}`, 200, hidden, 0},
	{"list-backfills", "/jobs/{job}/backfills", "", 200, hidden, 0},
	{"get-backfill", "/backfills/{backfill}", "", 200, hidden, 0},
	{"cancel-backfill", "/backfills/{backfill}/cancel", "", 200, hidden, 0},
	{"preview-schedule", "/schedules/preview", `{"schedule": {"every": "1h"}}`, 200, 200, 0},
	{"forecast", "/forecast?namespace={namespace}", "", 200, empty, 0},
	{"list-runs", "/runs?namespace={namespace}", "", 200, empty, 0},
	{"list-runs", "/runs?job_id={job}", "", 200, empty, 0},
	{"get-run", "/runs/{run}", "", 200, hidden, 0},
	{"cancel-run", "/runs/{run}/cancel", "", 202, hidden, 0},
	{"retry-run", "/runs/{ended}/retry", "", 202, hidden, 0},
	{"retry-runs", "/runs/retry", `{"namespace": "{namespace}", "from": "{from}"}`, 202, nothing, 0},
	{"retry-runs", "/runs/retry", `{"job_id": "{job}", "from": "{from}", "dry_run": true}`, 200, empty, 0},
	{"audit", "/audit?namespace={namespace}", "", 200, empty, 0},
	{"audit", "/audit?job_id={job}", "", 200, hidden, 0},
	{"list-audits", "/audits", "", 200, empty, 0},
	{"list-retention", "/retention", "", 200, empty, 0},
	{"put-default-retention", "/retention", `{"keep": "90d"}`, refused, refused, 200},
	{"put-retention", "/retention/{namespace}", `{"keep": "30d"}`, 200, refused, 0},
	{"delete-retention", "/retention/{namespace}", "", 204, hidden, 0},
	{"list-alerts", "/alerts?namespace={namespace}", "", 200, empty, 0},
	{"list-alerts", "/alerts?object_id={job}", "", 200, empty, 0},
	{"list-alert-routes", "/alert-routes?namespace={namespace}", "", 200, empty, 0},
	{"list-alert-routes", "/alert-routes", "", 200, empty, 0},
	{"get-alert-route", "/alert-routes/{namespace}/route-of-{namespace}", "", 200, hidden, 0},
	{"put-alert-route", "/alert-routes/{namespace}/route-of-{namespace}", `{"url": "ntfy://ntfy.sh/t"}`, 200, refused, 0},
	{"test-alert-route", "/alert-routes/{namespace}/route-of-{namespace}/test", "", 204, hidden, 0},
	{"delete-alert-route", "/alert-routes/{namespace}/route-of-{namespace}", "", 204, hidden, 0},
	{"list-checks", "/checks?namespace={namespace}", "", 200, empty, 0},
	{"list-checks", "/checks", "", 200, empty, 0},
	{"create-check", "/checks", `{"namespace": "{namespace}", "name": "fresh", "period": "1h"}`, 201, refused, 0},
	{"get-check", "/checks/{check}", "", 200, hidden, 0},
	{"put-check", "/checks/{check}", `{"namespace": "{namespace}", "name": "fresh", "period": "1h"}`, 200, hidden, 0},
	{"delete-check", "/checks/{check}", "", 204, hidden, 0},
	{"pause", "/pause", `{"namespace": "{namespace}"}`, 200, refused, 0},
	{"pause", "/pause", "", refused, refused, 200},
	{"resume", "/resume", `{"namespace": "{namespace}"}`, 200, refused, 0},
	{"resume", "/resume", "", refused, refused, 200},
	{"list-pauses", "/pauses", "", 200, empty, 0},
	{"list-queues", "/queues", "", 200, 200, 0},
	{"put-queue", "/queues/default", `{"concurrency": 50}`, refused, refused, 200},
	{"delete-queue", "/queues/default", "", refused, refused, 409},
	{"pause-queue", "/queues/critical/pause", "", refused, refused, 200},
	{"resume-queue", "/queues/critical/resume", "", refused, refused, 200},
	{"list-secrets", "/secrets?namespace={namespace}", "", 200, empty, 0},
	{"put-secret", "/secrets/{namespace}/fresh", `{"value": "x"}`, 200, refused, 0},
	{"delete-secret", "/secrets/{namespace}/secret-of-{namespace}", "", 204, hidden, 0},
	{"list-keys", "/keys", "", 200, empty, 0},
	{"create-key", "/keys", `{"name": "fresh", "role": "viewer", "namespaces": ["{namespace}"]}`, 201, refused, 0},
	{"get-key", "/keys/{key}", "", 200, hidden, 0},
	{"delete-key", "/keys/{key}", "", 204, hidden, 0},
	{"get-session", "/session", "", 200, 200, 0},
	{"log-out", "/session", "", 204, 204, 0},
	{"list-namespaces", "/namespaces", "", 200, empty, 0},
	{"list-audit-log", "/audit-log?namespace={namespace}", "", 200, empty, 0},
	{"list-audit-log", "/audit-log?object=job/{job}", "", 200, empty, 0},
	{"follow-feed", "/feed?namespace={namespace}", "", 426, 426, 0}, // see TestTheFeedKeepsToTheScope
}

func TestEveryOperationIsEntitled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	documented, tested := []string{}, []string{}
	for _, op := range w.operations(t) {
		documented = append(documented, op.id)
	}
	for _, e := range entitlements {
		tested = append(tested, e.operation)
	}
	slices.Sort(documented)
	slices.Sort(tested)
	if diff := cmp.Diff(slices.Compact(documented), slices.Compact(tested)); diff != "" {
		t.Error("documented and entitled:", diff)
	}
}

// TestNoTenantSeesOrTouchesAnother asks for all that there is, in each role, about
// one's own things and those of another tenant.
func TestNoTenantSeesOrTouchesAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	operations := map[string]operation{}
	for _, op := range w.operations(t) {
		operations[op.id] = op
	}
	theirs, never := w.settle(t, "theirs-"+uuid.NewString()[:8]), nobody()
	before := w.census(t, theirs)
	for _, role := range keyring.Roles() {
		idle := w.settle(t, "idle-"+string(role))
		for _, e := range entitlements {
			op, ours := operations[e.operation], idle
			if role.Allows(op.role) {
				ours = w.settle(t, "ours-"+uuid.NewString()[:8]) // which the request may change
			}
			key := w.keyFor(t, role, ours.namespace)
			ask := func(about tenant) response {
				return w.callAs(t, key, op.method, "/api/v1"+about.fill(e.path), about.fill(e.body))
			}
			r := ask(theirs)
			if want := least(role, op, e.foreign); r.status != want {
				t.Errorf("%s, %s, of another tenant: %d, want %d: %s", e.operation, role, r.status, want, r.body)
			}
			if unknown := ask(never); r.status == hidden && !bytes.Equal(unknown.body, r.body) {
				t.Errorf("%s tells what is another's from what never was: %s, %s", e.operation, r.body, unknown.body)
			}
			told(t, e, r, theirs, theirs.fill(e.path+e.body))
			r = ask(ours)
			if want := least(role, op, e.own); r.status != want {
				t.Errorf("%s, %s, of one's own: %d, want %d: %s", e.operation, role, r.status, want, r.body)
			}
			told(t, e, r, theirs, "")
		}
	}
	if diff := cmp.Diff(before, w.census(t, theirs)); diff != "" {
		t.Error("something of the other tenant was changed:", diff)
	}
}

func least(role keyring.Role, op operation, status int) int {
	if !role.Allows(op.role) {
		return 403
	}
	return status
}

// told finds what an answer tells of a tenant that the request did not say.
func told(t *testing.T, e entitlement, r response, of tenant, said string) {
	t.Helper()
	for _, mark := range of.marks() {
		if strings.Contains(string(r.body), mark) && !strings.Contains(said, mark) {
			t.Errorf("%s tells of another tenant: %s", e.operation, r.body)
		}
	}
}

func TestAKeyForAllNamespacesReachesThemAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	operations := map[string]operation{}
	for _, op := range w.operations(t) {
		operations[op.id] = op
	}
	for _, role := range keyring.Roles() {
		key, idle := w.keyFor(t, role, ""), w.settle(t, "idle-"+string(role))
		for _, e := range entitlements {
			op, want, about := operations[e.operation], e.own, idle
			if e.unlimited != 0 {
				want = e.unlimited
			}
			if role.Allows(op.role) {
				about = w.settle(t, "ours-"+uuid.NewString()[:8])
			}
			r := w.callAs(t, key, op.method, "/api/v1"+about.fill(e.path), about.fill(e.body))
			if want := least(role, op, want); r.status != want {
				t.Errorf("%s, %s: %d, want %d: %s", e.operation, role, r.status, want, r.body)
			}
		}
	}
}

func TestARefusalToCreateNamesTheNamespacesOfTheKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.keyFor(t, keyring.Editor, "billing")
	p := intoProblem(t, w.callAs(t, key, "POST", "/api/v1/jobs", nobody().fill(jobBody)), 403)
	if !strings.Contains(p.Detail, "billing") {
		t.Error(p.Detail)
	}
}

func TestNamespacesAreListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, namespace := range []string{"b", "a-1", "a", "c"} {
		for i := range 2 {
			wanted := document(fmt.Sprint("job-", i))
			wanted["namespace"] = namespace
			w.create(t, wanted)
		}
	}
	limited := w.keyFor(t, keyring.Viewer, "b")
	w.exec(t, `UPDATE keys SET namespaces = '{new,b}' WHERE name = 'tester'`)
	for key, want := range map[string][]string{w.key: {"a", "a-1", "b", "c"}, limited: {"b", "new"}} {
		var got []string
		for cursor := ""; ; {
			page := into[struct {
				Items []struct{ Name string }
				Next  string `json:"next_cursor"`
			}](t, w.callAs(t, key, "GET", "/api/v1/namespaces?limit=1&cursor="+cursor, nil), 200)
			for _, item := range page.Items {
				got = append(got, item.Name)
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// TestListsOfSeveralNamespaces walks lists page by page with a key for two of three
// namespaces.
func TestListsOfSeveralNamespaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, namespace := range []string{"ns-a", "ns-b", "ns-c"} {
		w.settle(t, namespace)
	}
	key := w.keyFor(t, keyring.Viewer, "ns-a")
	w.exec(t, `UPDATE keys SET namespaces = '{ns-a,ns-c}' WHERE name = 'tester'`)
	for path, want := range map[string]int{
		"/jobs?": 2, "/secrets?": 2, "/runs?": 4, "/runs?namespace=ns-c&": 2, "/runs?namespace=ns-b&": 0,
	} {
		if got := w.namespaces(t, key, path); len(got) != want || slices.Contains(got, "ns-b") {
			t.Errorf("%s: %v, want %d", path, got, want)
		}
	}
}

// namespaces reads a list item by item, and returns the namespace of each.
func (w *world) namespaces(t *testing.T, key, path string) (got []string) {
	t.Helper()
	for cursor := ""; ; {
		page := into[struct {
			Items []struct{ Namespace string }
			Next  string `json:"next_cursor"`
		}](t, w.callAs(t, key, "GET", "/api/v1"+path+"limit=1&cursor="+cursor, nil), 200)
		for _, item := range page.Items {
			got = append(got, item.Namespace)
		}
		if cursor = page.Next; cursor == "" {
			return got
		}
	}
}

func TestTheFeedKeepsToTheScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := uuid.New()
	key := w.keyFor(t, keyring.Viewer, "ours")
	conn, asked := w.followAs(t, key, ""), w.followAs(t, key, "?namespace=theirs")
	w.publish(t, outcome(job, "theirs", carillon.StateSucceeded), outcome(job, "ours", carillon.StateSucceeded),
		outcome(job, "theirs", carillon.StateSucceeded), outcome(job, "ours", carillon.StateFailed))
	for _, want := range []uint64{2, 4} {
		if e := next(t, conn); e.Seq != want || e.Run.Namespace != "ours" {
			t.Errorf("got %+v, want %d", e, want)
		}
	}
	mine := *w
	mine.key = key
	events := mine.stream(t, "?since=0", http.Header{})
	block(t, events)
	if got := block(t, events); got[0] != "id: 2" {
		t.Error(got)
	}
	resumed := w.followAs(t, key, "?since=0")
	if e := next(t, resumed); e.Seq != 2 {
		t.Errorf("resumed with %+v", e)
	}
	_ = asked.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	if _, text, err := asked.ReadMessage(); err == nil {
		t.Errorf("who asked for another namespace was sent %s", text)
	}
}
