package call

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/answer"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

func TestTheJobSaysWhatSuccessIs(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/304" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, strings.Repeat(" ", 8<<10)+`{"status": "done"}`)
	})
	c := client(t, "127.0.0.1")
	for name, test := range map[string]struct {
		path    string
		success *answer.Success
		class   wire.Class
		text    string
	}{
		"status":              {"/304", &answer.Success{Status: []string{"2xx", "304"}}, "", ""},
		"only another status": {"/", &answer.Success{Status: []string{"304"}}, wire.ClassStatus, "200 OK"},
		"status comes first":  {"/304", &answer.Success{Body: "x"}, wire.ClassStatus, "304"},
		"body":                {"/", &answer.Success{Body: `"done"`}, "", ""},
		"body does not match": {"/", &answer.Success{Body: "failed"}, wire.ClassAssertion, "matches failed"},
		"JSON":                {"/", &answer.Success{JSONPath: "$.status", Equals: "done"}, "", ""},
		"JSON differs":        {"/", &answer.Success{JSONPath: "$.status", Equals: "ok"}, wire.ClassAssertion, `is not "ok"`},
		"never validated":     {"/", &answer.Success{Body: "("}, wire.ClassProtocol, "body"},
	} {
		call := &wire.Call{Target: carillon.Target{Method: "GET", URL: server.URL + test.path, Timeout: carillon.Duration(time.Minute), Success: test.success}}
		got := c.Prepare(call).Call(t.Context(), wire.Run{Attempt: 1}, traceparent)
		if got.Class != test.class || !strings.Contains(got.Error, test.text) || len(got.Response) > captured {
			t.Errorf("%s: class %q, error %q, %d bytes; want %q, %q", name, got.Class, got.Error, len(got.Response), test.class, test.text)
		}
	}
}

func TestPlaceholdersAreFilledIn(t *testing.T) {
	t.Parallel()
	received, bodies := make(chan *http.Request, 10), make(chan string, 10)
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		received <- r
		bodies <- string(body)
	})
	target := client(t, "127.0.0.1").Prepare(&wire.Call{JobID: carillon.NewJobID(), Job: "nightly", Namespace: "billing", Revision: 7, Target: carillon.Target{
		Method: "POST", URL: server.URL + "/{{job.namespace}}/{{fire_time}}?day={{fire_time - 24h | date}}&at={{fire_time}}",
		Headers: map[string]string{"x-attempt": "{{attempt}} of {{job.name}}", "X-Plain": "plain"},
		Body:    `{"run": {{run_id | json}}, "revision": {{job.revision}}, "braces": "{{"{{"}}}}"}`, Timeout: carillon.Duration(time.Minute),
	}})
	for number := 1; number <= 2; number++ { // the form is used again
		run := wire.Run{ID: carillon.NewJobID(), Attempt: number, FireTime: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
		if got := target.Call(t.Context(), run, traceparent); got.Class != "" {
			t.Fatalf("class %q, error %q", got.Class, got.Error)
		}
		request, body := <-received, <-bodies
		if want := "/billing/2026-01-02T03%3A04%3A05Z?day=2026-01-01&at=2026-01-02T03%3A04%3A05Z"; request.RequestURI != want {
			t.Errorf("called %s, want %s", request.RequestURI, want)
		}
		if want := map[int]string{1: "1 of nightly", 2: "2 of nightly"}[number]; request.Header.Get("X-Attempt") != want || request.Header.Get("X-Plain") != "plain" {
			t.Errorf("headers %v", request.Header)
		}
		if want := `{"run": "` + run.ID.String() + `", "revision": 7, "braces": "{{}}"}`; body != want {
			t.Errorf("body %s, want %s", body, want)
		}
	}
}

func TestATemplateThatWasNeverValidatedFailsItsAttempts(t *testing.T) {
	t.Parallel()
	for _, target := range []carillon.Target{
		{URL: "http://127.0.0.1/{{nothing}}"}, {URL: "http://127.0.0.1/", Body: "{{"}, {URL: "http://127.0.0.1/", Headers: map[string]string{"X": "{{nothing}}"}},
	} {
		target.Timeout = carillon.Duration(time.Minute)
		got := client(t, "127.0.0.1").Prepare(&wire.Call{Target: target}).Call(t.Context(), wire.Run{Attempt: 1}, traceparent)
		if got.Class != wire.ClassProtocol || !strings.Contains(got.Error, "{{") {
			t.Errorf("class %q, error %q", got.Class, got.Error)
		}
	}
}

func TestNamespacesDoNotShareWhatOnlyOneMayCall(t *testing.T) {
	t.Parallel()
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	c := client(t, "billing=127.0.0.1")
	for _, namespace := range []string{"billing", "sales", "billing", "default"} {
		call := &wire.Call{Namespace: namespace, Target: carillon.Target{Method: "GET", URL: server.URL, Timeout: carillon.Duration(time.Minute)}}
		got := c.Prepare(call).Call(t.Context(), wire.Run{Attempt: 1}, traceparent)
		if want := map[bool]wire.Class{false: wire.ClassBlocked}[namespace == "billing"]; got.Class != want {
			t.Errorf("%s: class %q, error %q; want %q", namespace, got.Class, got.Error, want)
		}
	}
}

// A token is fetched from where the namespace may call, and shared with no other.
func TestTokensComeFromWhereTheNamespaceMayCall(t *testing.T) {
	t.Parallel()
	var issued atomic.Int32
	tokens := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		issued.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token":"t0ken","token_type":"bearer"}`)
	})
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strconv.Itoa(len(r.Header["Authorization"])))
	})
	c := clientWith(t, Config{Slots: 4, HostConnections: 4, Secrets: oneSecret("s3cr3t")}, "billing=127.0.0.1")
	for _, namespace := range []string{"billing", "sales", "billing"} {
		auth := &carillon.Auth{OAuth2: &carillon.OAuth2{TokenURL: tokens.URL, ClientID: "me", Secret: "client"}}
		call := &wire.Call{Namespace: namespace, Target: carillon.Target{Method: "GET", URL: server.URL, Timeout: carillon.Duration(time.Minute), Auth: auth}}
		got := c.Prepare(call).Call(t.Context(), wire.Run{Attempt: 1}, traceparent)
		if may := namespace == "billing"; may && got.Response != "1" || !may && got.Class != wire.ClassBlocked {
			t.Errorf("%s: class %q, error %q", namespace, got.Class, got.Error)
		}
	}
	if n := issued.Load(); n != 1 {
		t.Errorf("%d tokens", n)
	}
}
