package gateway

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// with returns a valid job document with some of its fields replaced.
func with(fields object) object {
	d := document("sound")
	maps.Copy(d, fields)
	return d
}

func target(fields object) object {
	all := object{"url": "https://example.com/x"}
	maps.Copy(all, fields)
	return object{"target": all}
}

// TestBadDocumentsAreRefusedAndNameEveryFault is the promise that bad input gets
// an error that names the field, and changes nothing.
func TestBadDocumentsAreRefusedAndNameEveryFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, test := range map[string]struct {
		body   any
		status int
		want   []string // locations
	}{
		"no body":             {"", 400, nil},
		"malformed":           {`{"name": "x",`, 400, []string{"body"}},
		"not JSON":            {"name: x", 400, []string{"body"}},
		"two documents":       {`{} {}`, 400, []string{"body"}},
		"not UTF-8":           {"{\"name\": \"\xff\"}", 400, []string{"body"}},
		"deep nesting":        {strings.Repeat("[", 100_000), 400, []string{"body"}},
		"a list":              {"[]", 422, []string{"body"}},
		"null":                {"null", 422, []string{"body"}},
		"empty":               {"{}", 422, []string{"body.name", "body.schedule", "body.target"}},
		"missing url":         {with(object{"target": object{}}), 422, []string{"body.target.url"}},
		"empty url":           {with(target(object{"url": ""})), 422, []string{"body.target.url"}},
		"unknown field":       {with(object{"shedule": 1}), 422, []string{"body.shedule"}},
		"unknown inner field": {with(target(object{"uri": "x"})), 422, []string{"body.target.uri"}},
		"wrong case":          {with(object{"Name": "x"}), 422, []string{"body.Name"}},
		"bad cron":            {with(object{"schedule": object{"cron": "61 * * *"}}), 422, []string{"body.schedule.cron"}},
		"unknown zone":        {with(object{"schedule": object{"cron": "* * * * *", "timezone": "Mars/Olympus"}}), 422, []string{"body.schedule.timezone"}},
		"negative durations": {with(object{
			"target": object{"url": "https://example.com", "timeout": "-5s"}, "catch_up": object{"window": "-1h"},
			"retry": object{"min_backoff": "-1s"},
		}), 422, []string{"body.catch_up.window", "body.retry.min_backoff", "body.target.timeout"}},
		"malformed duration":  {with(target(object{"timeout": "5 parsecs"})), 422, []string{"body.target.timeout"}},
		"endless duration":    {with(target(object{"timeout": "99999999999h"})), 422, []string{"body.target.timeout"}},
		"impossible instants": {with(object{"schedule": object{"at": "2026-02-30T00:00:00Z", "any_of": []object{{"at": "soon"}, {"every": "-"}}}}), 422, []string{"body.schedule.any_of[0].at", "body.schedule.any_of[1].every", "body.schedule.at"}},
		"duration as number":  {with(target(object{"timeout": 5})), 422, []string{"body.target.timeout"}},
		"wrong types":         {object{"name": 7, "schedule": "daily", "target": []int{1}, "paused": "yes", "labels": "x"}, 422, []string{"body.labels", "body.name", "body.paused", "body.schedule", "body.target"}},
		"label of wrong type": {with(object{"labels": object{"a": 1}}), 422, []string{"body.labels.a"}},
		"bad enum":            {with(object{"overlap": "maybe", "catch_up": object{"policy": "never"}}), 422, []string{"body.catch_up.policy", "body.overlap"}},
		"huge name":           {with(object{"name": strings.Repeat("n", 1_000_000)}), 422, []string{"body.name"}},
		"body over 1 MiB":     {with(object{"name": strings.Repeat("n", 1<<20)}), 413, nil},
		"body over 3 MiB":     {with(object{"name": strings.Repeat("n", 3<<20)}), 413, nil},
		"NUL in a name":       {with(object{"name": "a\x00b"}), 422, []string{"body.name"}},
		"NUL in a body":       {with(target(object{"body": "a\x00b"})), 422, []string{"body.target.body"}},
		"NUL in a label":      {with(object{"labels": object{"a\x00": "b"}}), 422, []string{"body.labels.a\x00"}},
		"number over all":     {`{"name":"x","schedule":{"every":"1h"},"target":{"url":"https://e.com"},"retry":{"max_attempts":1e999}}`, 422, []string{"body.retry.max_attempts"}},
		"number over int":     {`{"name":"x","schedule":{"every":"1h"},"target":{"url":"https://e.com"},"retry":{"max_attempts":99999999999999999999}}`, 422, []string{"body.retry.max_attempts"}},
		"nested too deep":     {`{"name":` + strings.Repeat("[", 101) + strings.Repeat("]", 101) + `}`, 400, []string{"body"}},
		"nested in a string":  {object{"name": "x", "schedule": object{"every": "1h"}, "target": object{"url": "https://e.com", "body": "\"" + strings.Repeat("[", 101)}, "typo": 1}, 422, []string{"body.typo"}},
		"repeated keys":       {`{"name":"x","schedule":{"every":"1h","any_of":[{"at":"a","at":"b"}]},"target":{"url":"https://e.com","url":"https://f.com"},"name":"x"}`, 422, []string{"body.name", "body.schedule.any_of[0].at", "body.target.url"}},
		"fraction":            {with(object{"retry": object{"max_attempts": 1.5}}), 422, []string{"body.retry.max_attempts"}},
		"unknown queue":       {with(object{"queue": "nowhere"}), 422, []string{"body.queue"}},
		"form and meaning at once": {object{
			"name": "-", "typo": true, "schedule": object{"cron": "nonsense"}, "target": object{"timeout": "soon"},
			"retry": object{"max_attempts": "3", "max_backoff": "0s", "min_backoff": "9000h"}, "queue": "Not A Slug",
		}, 422, []string{"body.name", "body.queue", "body.retry.max_attempts", "body.retry.max_backoff", "body.retry.min_backoff",
			"body.schedule.cron", "body.target.timeout", "body.target.url", "body.typo"}},
		"faulty target": {with(target(object{
			"url": "https://{{job.name}}.example.com/", "headers": object{"X": "{{nothing}}"}, "body": "{{",
			"timeouts": object{"connect": "2h", "tls": "-1s", "first_byte": "soon"},
			"success":  object{"status": []string{"2xx", "fine"}, "body": "(", "json_path": "status", "equals": []int{1}},
		})), 422, []string{"body.target.body", "body.target.headers", "body.target.success.body", "body.target.success.equals",
			"body.target.success.json_path", "body.target.success.status[1]", "body.target.timeouts.connect",
			"body.target.timeouts.first_byte", "body.target.timeouts.tls", "body.target.url"}},
		"statuses as numbers":            {with(target(object{"success": object{"status": []int{200}}})), 422, []string{"body.target.success.status[0]"}},
		"escapes that outgrow a message": {with(target(object{"body": strings.Repeat("\x01", 150_000)})), 422, []string{"body"}},
	} {
		p := intoProblem(t, w.call(t, "POST", "/api/v1/jobs", test.body), test.status)
		got := slices.Compact(slices.Sorted(slices.Values(p.locations())))
		if diff := cmp.Diff(test.want, got); diff != "" && (len(test.want) > 0 || len(got) > 0) {
			t.Errorf("%s: %s %+v", name, diff, p)
		}
	}
	for _, table := range []string{"jobs", "job_revisions", "audit_log WHERE object NOT LIKE 'key/%'"} {
		if n := w.count(t, "SELECT count(*) FROM "+table); n != 0 {
			t.Errorf("%d rows in %s after nothing but bad input", n, table)
		}
	}
}

func TestBadPatchesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := w.create(t, document("sound"))
	for name, test := range map[string]struct {
		body   any
		status int
		want   string
	}{
		"malformed":        {"{", 400, "body"},
		"repeated key":     {`{"paused":true,"paused":false}`, 422, "body.paused"},
		"a list":           {"[]", 422, "body"},
		"required to null": {object{"target": nil}, 422, "body.target"},
		"wrong type":       {object{"paused": 1}, 422, "body.paused"},
		"unknown field":    {object{"id": uuid.NewString()}, 422, "body.id"},
		"bad merge":        {object{"schedule": object{"cron": "* * * * *"}}, 422, "body.schedule"},
	} {
		p := intoProblem(t, w.call(t, "PATCH", "/api/v1/jobs/"+job.ID.String(), test.body), test.status)
		if !slices.ContainsFunc(p.locations(), func(l string) bool { return strings.HasPrefix(l, test.want) }) {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if n := w.count(t, "SELECT count(*) FROM job_revisions"); n != 1 {
		t.Errorf("%d revisions, want 1", n)
	}
}

func TestBadParametersAreNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for target, location := range map[string]string{
		"GET /api/v1/jobs?limit=0":                                     "query.limit",
		"GET /api/v1/jobs?limit=501":                                   "query.limit",
		"GET /api/v1/jobs?limit=many":                                  "query.limit",
		"GET /api/v1/jobs?cursor=nonsense":                             "query.cursor",
		"GET /api/v1/runs?cursor=eyJ0IjoxfQ":                           "query.cursor",
		"GET /api/v1/jobs?label=a%20b":                                 "query.label",
		"GET /api/v1/jobs?paused=perhaps":                              "query.paused",
		"GET /api/v1/jobs?colour=red":                                  "query.colour",
		"GET /api/v1/jobs/not-an-id":                                   "path.id",
		"GET /api/v1/runs?state=asleep":                                "query.state[0]",
		"GET /api/v1/runs?kind=odd":                                    "query.kind",
		"GET /api/v1/runs?from=yesterday":                              "query.from",
		"GET /api/v1/runs?job_id=7":                                    "query.job_id",
		"GET /api/v1/runs?job_id=00000000-0000-0000-0000-000000000000": "query.job_id",
		"GET /api/v1/jobs?namespace=a&namespace=b":                     "query.namespace",
		"GET /api/v1/forecast?hours=1&hours=2":                         "query.hours",
		"GET /api/v1/runs?namespace=&namespace=a":                      "query.namespace",
		"GET /api/v1/runs?state=failed&state=":                         "query.state",
		"GET /api/v1/feed?since=-5":                                    "query.since",
		"POST /api/v1/queues/Not%20A%20Slug/pause":                     "path.name",
		"GET /api/v1/jobs?cursor=eyJuIjoiYVx1MDAwMCIsIm0iOiJiIn0":      "query.cursor", // {"n":"a\u0000","m":"b"}
		"GET /api/v1/jobs?q=%00":                                       "query.q",
		"GET /api/v1/jobs?q=%ff":                                       "query.q",
		"GET /api/v1/jobs?namespace=%00":                               "query.namespace",
		"GET /api/v1/jobs?label=a%00%3Db":                              "query.label",
		"GET /api/v1/runs?%00=1":                                       "query.\x00",
		"GET /api/v1/jobs/%00":                                         "path",
		"POST /api/v1/queues/a%ffb/pause":                              "path",
	} {
		method, path, _ := strings.Cut(target, " ")
		p := intoProblem(t, w.call(t, method, path, nil), 422)
		if !slices.Contains(p.locations(), location) {
			t.Errorf("%s: %+v", target, p)
		}
	}
	for path, want := range map[string]string{
		"/jobs/abc": "must be a UUID", "/runs?job_id=" + strings.Repeat("x", 36): "must be a UUID",
		"/runs?from=yesterday": "must be an instant like 2026-03-29T01:30:00Z",
	} {
		for _, fault := range intoProblem(t, w.call(t, "GET", "/api/v1"+path, nil), 422).Errors {
			if fault.Message != want {
				t.Errorf("%s: %+v", path, fault)
			}
		}
	}
	for _, body := range []object{{}, {"concurrency": 0}, {"concurrency": 1, "weight": 5000}, {"concurrency": "1"}, {"concurrency": 1, "name": "other"}} {
		intoProblem(t, w.call(t, "PUT", "/api/v1/queues/fresh", body), 422)
	}
	p := intoProblem(t, w.call(t, "POST", "/api/v1/schedules/preview", object{"schedule": object{"cron": "x"}, "count": 1000}), 422)
	if diff := cmp.Diff([]string{"body.count", "body.schedule.cron"}, p.locations()); diff != "" {
		t.Error(diff)
	}
	if n := w.count(t, "SELECT count(*) FROM queues"); n != 3 {
		t.Errorf("%d queues", n)
	}
}

// TestMalformedAddressesAreRefused sends what Go's client would not.
func TestMalformedAddressesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for address, location := range map[string]string{
		"/api/v1/jobs/%zz": "path.id", "/api/v1/jobs/%": "path.id",
		"/api/v1/jobs?%zz": "query.%zz", "/api/v1/jobs?namespace=a;&namespace=b": "query.namespace", "/api/v1/jobs?%": "query.%",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", address, w.key)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		content, _ := io.ReadAll(answer.Body)
		p := intoProblem(t, response{answer.StatusCode, answer.Header, content}, 422)
		if diff := cmp.Diff([]string{location}, p.locations()); diff != "" {
			t.Errorf("%s: %s", address, diff)
		}
	}
}

func TestOddRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	intoProblem(t, w.call(t, "GET", "/nowhere", nil), 404)
	intoProblem(t, w.call(t, "GET", "/api/v1/nowhere", nil), 404)
	intoProblem(t, w.call(t, "DELETE", "/api/v1/jobs", nil), http.StatusMethodNotAllowed)
	intoProblem(t, w.call(t, "GET", "/api/v1/feed", nil), http.StatusUpgradeRequired)
	request, _ := http.NewRequestWithContext(t.Context(), "POST", w.url+"/api/v1/jobs", strings.NewReader("name=x"))
	request.Header.Set("Authorization", "Bearer "+w.key)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if p := intoProblem(t, do(t, request), http.StatusUnsupportedMediaType); !strings.Contains(p.Detail, "curl --json") {
		t.Errorf("%+v", p)
	}
	if r := w.call(t, "GET", "/", nil); r.status != http.StatusFound || r.header.Get("Location") != "/docs" {
		t.Errorf("/ answers %d %v", r.status, r.header)
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if r := w.callAs(t, "", "GET", path, nil); r.status != 200 {
			t.Errorf("%s answers %d %s", path, r.status, r.body)
		}
	}
}
