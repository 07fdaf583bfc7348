package gateway

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
)

// callWith makes a request with the admin key and headers.
func (w *world) callWith(t *testing.T, method, path, body string, headers map[string]string) response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+w.key)
	request.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	return do(t, request)
}

func TestAChangeMayAskForTheRevisionThatWasSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.call(t, "POST", "/api/v1/jobs", document("seen"))
	if made.header.Get("ETag") != `"1"` {
		t.Errorf("ETag of a new job: %v", made.header)
	}
	path := "/api/v1/jobs/" + into[carillon.Job](t, made, 201).ID.String()
	ask := func(method, match, body string, status int) response {
		t.Helper()
		r := w.callWith(t, method, path, body, map[string]string{"If-Match": match})
		if r.status != status {
			t.Errorf("%s with If-Match %s: %d, want %d: %s", method, match, r.status, status, r.body)
		}
		return r
	}
	if r := ask("PATCH", `"1"`, `{"labels": {"a": "1"}}`, 200); r.header.Get("ETag") != `"2"` {
		t.Errorf("%v", r.header)
	}
	for _, method := range []string{"PUT", "PATCH", "DELETE"} {
		body := `{"name": "seen", "schedule": {"every": "2h"}, "target": {"url": "https://example.com"}}`
		for _, stale := range []string{`"1"`, `W/"2"`, `"1", "3"`, `"02"`, `"x"`, `""`} {
			r := ask(method, stale, body, 412)
			if p := intoProblem(t, r, 412); r.header.Get("ETag") != `"2"` || !strings.Contains(p.Detail, "2") {
				t.Errorf("%v %+v", r.header, p)
			}
		}
		for _, odd := range []string{`2`, `"2`, `"2" "3"`, `,`, `'2'`} {
			if p := intoProblem(t, ask(method, odd, body, 422), 422); !slices.Equal(p.locations(), []string{"header.If-Match"}) {
				t.Errorf("%+v", p)
			}
		}
	}
	if r := w.call(t, "GET", path, nil); r.header.Get("ETag") != `"2"` {
		t.Errorf("%v", r.header)
	}
	ask("PATCH", `*`, `{"labels": {"a": "2"}}`, 200)
	ask("PATCH", `"1","3"`, `{"labels": {"a": "3"}}`, 200)
	ask("DELETE", `"4"`, "", 204)
	ask("DELETE", `*`, "", 404)
	ask("DELETE", `"4"`, "", 404)
}
