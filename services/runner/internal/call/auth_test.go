package call

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

// oneSecret is the value of every secret.
type oneSecret string

func (s oneSecret) Resolve(string, string) (string, bool) { return string(s), s != "" }
func (s oneSecret) ResolveAll(string, string) []string    { return []string{string(s)} }

// prove makes a call with a bearer token.
func prove(t *testing.T, secret oneSecret, url string) wire.Attempt {
	t.Helper()
	c := clientWith(t, Config{Slots: 4, HostConnections: 4, Secrets: secret}, "127.0.0.1")
	call := &wire.Call{Job: "nightly", Namespace: "default", Target: carillon.Target{
		Method: "GET", URL: url, Timeout: carillon.Duration(10 * time.Second), Auth: &carillon.Auth{Bearer: &carillon.Bearer{Secret: "token"}},
	}}
	return c.Prepare(call).Call(t.Context(), wire.Run{ID: carillon.NewJobID(), Attempt: 1}, traceparent)
}

func TestATargetThatEchoesGivesNoSecretAway(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		header := r.Header.Get("Authorization")
		_, _ = io.WriteString(w, header+strings.Repeat(" ", 4<<10-2*len(header)+6)+header) // the second is cut off
	})
	attempt := prove(t, "s3cr3t-t0ken", server.URL)
	if attempt.Class != "" || strings.Contains(attempt.Response, "s3cr") || !strings.HasPrefix(attempt.Response, "Bearer (secret) ") {
		t.Errorf("%s %q", attempt.Class, attempt.Response)
	}
}

func TestSecretsAreFilledInAndNotKept(t *testing.T) {
	t.Parallel()
	const secret = "k/ y+\"1"
	got := make(chan string, 1)
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- r.Header.Get("X-Key") + " " + r.URL.Path + " " + r.FormValue("key") + " " + string(body)
		_, _ = io.WriteString(w, r.RequestURI+" "+string(body))
	})
	target := carillon.Target{
		Method: "POST", URL: server.URL + "/{{secret.key}}?key={{ secret.key }}", Headers: map[string]string{"X-Key": "{{secret.key}}"},
		Body: `{"key": {{secret.key | json}}}`, Timeout: carillon.Duration(10 * time.Second),
	}
	call := func(secret oneSecret) wire.Attempt {
		c := clientWith(t, Config{Slots: 4, HostConnections: 4, Secrets: secret}, "127.0.0.1")
		return c.Prepare(&wire.Call{Target: target}).Call(t.Context(), wire.Run{Attempt: 1}, traceparent)
	}
	attempt := call(secret + "\n") // the line that a file ends with is no part of it
	if want := "/(secret)?key=(secret) " + `{"key": "(secret)"}`; attempt.Class != "" || attempt.Response != want {
		t.Errorf("%s %s: %q, want %q", attempt.Class, attempt.Error, attempt.Response, want)
	}
	if text, want := <-got, secret+" /"+secret+" "+secret+` {"key": "k/ y+\"1"}`; text != want {
		t.Errorf("the target got %q, want %q", text, want)
	}
	if attempt := call(""); attempt.Class != wire.ClassAuth || !strings.Contains(attempt.Error, "the secret key is not there") {
		t.Errorf("%+v", attempt)
	}
}

func TestAMissingSecretIsOfItsOwnClass(t *testing.T) {
	t.Parallel()
	server := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a call was made") })
	if attempt := prove(t, "", server.URL); attempt.Class != wire.ClassAuth || !strings.Contains(attempt.Error, "the secret token is not there") || attempt.FinishedAt.IsZero() {
		t.Errorf("%+v", attempt)
	}
}

// The host of the token endpoint is another one than the job's.
func TestATokenEndpointThatIsAwayIsNoFaultOfTheTarget(t *testing.T) {
	t.Parallel()
	closed := serve(t, nil)
	address := closed.URL
	closed.Close()
	silent := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the caller is gone
		<-r.Context().Done()
	})
	for endpoint, want := range map[string]string{
		address: "the token endpoint: dial tcp", silent.URL: "no token came within the attempt's time", "http://169.254.169.254/": "",
	} {
		c := clientWith(t, Config{Slots: 4, HostConnections: 4, Secrets: oneSecret("s3cr3t")}, "127.0.0.1")
		auth := &carillon.Auth{OAuth2: &carillon.OAuth2{TokenURL: endpoint, ClientID: "me", Secret: "client"}}
		call := &wire.Call{Target: carillon.Target{Method: "GET", URL: address, Timeout: carillon.Duration(200 * time.Millisecond), Auth: auth}}
		attempt := c.Prepare(call).Call(t.Context(), wire.Run{Attempt: 1}, traceparent)
		class := wire.ClassAuth
		if want == "" {
			class = wire.ClassBlocked
		}
		if attempt.Class != class || !strings.HasPrefix(attempt.Error, want) {
			t.Errorf("%s: %s %q", endpoint, attempt.Class, attempt.Error)
		}
	}
}

func TestARedirectElsewhereGetsNoProof(t *testing.T) {
	t.Parallel()
	got := make(chan string, 2)
	elsewhere := serve(t, func(_ http.ResponseWriter, r *http.Request) { got <- r.Header.Get("Authorization") })
	home := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header.Get("Authorization")
		http.Redirect(w, r, elsewhere.URL, http.StatusFound)
	})
	if attempt := prove(t, "s3cr3t", home.URL); attempt.Class != "" {
		t.Errorf("%+v", attempt)
	}
	if first, second := <-got, <-got; first != "Bearer s3cr3t" || second != "" {
		t.Errorf("home got %q, elsewhere %q", first, second)
	}
}

func TestWhatTLSKeptDoesNotGoOnWithoutIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		strays   bool
	}{
		{"https://a", "https://a/b", false}, {"http://a", "http://A/b", false}, {"http://a", "https://a/b", false},
		{"https://a", "http://a/b", true}, {"https://a", "https://b", true},
	} {
		first, _ := http.NewRequest("GET", c.from, nil)
		next, _ := http.NewRequest("GET", c.to, nil)
		if got := strayed(next, []*http.Request{first}); got != c.strays {
			t.Errorf("%s to %s: %t", c.from, c.to, got)
		}
	}
}
