package call

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/answer"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

// TestOnlyTheTargetItselfMayCallBack sends the target's callers on to another host.
func TestOnlyTheTargetItselfMayCallBack(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 2)
	other := serve(t, func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header.Get("Carillon-Callback-Url") })
	target := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header.Get("Carillon-Callback-Url")
		http.Redirect(w, r, other.URL, http.StatusFound)
	})
	c := clientWith(t, Config{
		Slots: 4, HostConnections: 4,
		CallbackURL: func(run wire.Run, _ *wire.Call) string { return "https://carillon.example.com/" + run.ID.String() },
	}, "127.0.0.0/8")
	run := wire.Run{ID: carillon.NewJobID(), Attempt: 1}
	call := &wire.Call{Target: carillon.Target{
		Method: "GET", URL: target.URL, Timeout: carillon.Duration(10 * time.Second), Callback: &carillon.Callback{},
	}}
	c.Prepare(call).Call(t.Context(), run, traceparent)
	if first := <-seen; first != "https://carillon.example.com/"+run.ID.String() {
		t.Errorf("the target is to call %q", first)
	}
	if second := <-seen; second != "" {
		t.Errorf("another host is to call %q", second)
	}
}

// accepts returns the attempt of a call to a target that may call back, and that
// answers with a status and all that it was sent.
func accepts(t *testing.T, status int, success *answer.Success) wire.Attempt {
	t.Helper()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		_ = r.Header.Write(w)
	})
	c := clientWith(t, Config{
		Slots: 4, HostConnections: 4,
		CallbackURL: func(wire.Run, *wire.Call) string { return "https://carillon.example.com/callbacks/t0ken-t0ken" },
	}, "127.0.0.0/8")
	call := &wire.Call{Target: carillon.Target{
		Method: "GET", URL: server.URL, Timeout: carillon.Duration(10 * time.Second), Callback: &carillon.Callback{}, Success: success,
	}}
	return c.Prepare(call).Call(t.Context(), wire.Run{ID: carillon.NewJobID(), Attempt: 1}, traceparent)
}

// What success asks for is not to be expected of an answer that says: later.
func TestA202ThatPromisesACallbackIsNotJudged(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status  int
		success answer.Success
		want    wire.Class
	}{
		"its status is not listed":   {202, answer.Success{Status: []string{"200"}}, ""},
		"its body is something else": {202, answer.Success{Body: "done"}, ""},
		"its body is no JSON":        {202, answer.Success{JSONPath: "$.done"}, ""},
		"another body":               {200, answer.Success{Body: "done"}, wire.ClassAssertion},
		"another status":             {201, answer.Success{Status: []string{"200"}}, wire.ClassStatus},
	} {
		if got := accepts(t, test.status, &test.success); got.Class != test.want || got.Status != test.status {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestTheAddressForACallbackIsNotKept(t *testing.T) {
	t.Parallel()
	got := accepts(t, 202, nil)
	if strings.Contains(got.Response, "t0ken") || !strings.Contains(got.Response, "Carillon-Callback-Url: (secret)\r\n") {
		t.Errorf("kept %q", got.Response)
	}
}

func TestATargetCleansWhatItIsToldLater(t *testing.T) {
	t.Parallel()
	clean := func(target carillon.Target, text string) string {
		c := clientWith(t, Config{Slots: 4, HostConnections: 4, Secrets: oneSecret("s3cr3t\n")}, "127.0.0.0/8")
		target.Method, target.URL = "GET", "http://127.0.0.1/"
		return c.Prepare(&wire.Call{Target: target}).Clean(text)
	}
	for name, target := range map[string]carillon.Target{
		"bearer": {Auth: &carillon.Auth{Bearer: &carillon.Bearer{Secret: "x"}}},
		"basic":  {Auth: &carillon.Auth{Basic: &carillon.Basic{Username: "me", Secret: "x"}}},
		"oauth2": {Auth: &carillon.Auth{OAuth2: &carillon.OAuth2{ClientID: "me", Secret: "x"}}},
		"mtls":   {Auth: &carillon.Auth{MTLS: &carillon.MTLS{Secret: "x"}}},
		"filled": {Body: "{{secret.x}}", Headers: map[string]string{"X": "{{secret.x}}"}},
	} {
		text := "got s3cr3t " + base64.StdEncoding.EncodeToString([]byte("me:s3cr3t"))
		got := clean(target, text)
		paired := name == "basic" || name == "oauth2"
		if strings.Contains(got, "s3cr3t") || paired && got != "got (secret) (secret)" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := clean(carillon.Target{}, "got s3cr3t"); got != "got s3cr3t" {
		t.Errorf("without secrets: %q", got)
	}
}
