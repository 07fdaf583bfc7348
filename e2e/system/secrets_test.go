package system

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/carillon-cron/carillon/shared/schedule"
)

// The secrets have characters that look different in an address, in base64 and in
// JSON.
const (
	bearerSecret = "bearer-S3CR3T/+=&?%<x>"
	password     = `p4ss-W0RD "é\/+`
	clientSecret = "client-S3CR3T/+%&"
	accessToken  = "t0ken-S3CR3T/+="
	wrongSecret  = "wrong-S3CR3T/+%"
	filledSecret = `filled S3CR3T/+&"\é`
	toldSecret   = `told-S3CR3T/+&"\é`
)

// watched is a Carillon of processes that talk as much as they can, all of it heard.
type watched struct {
	*system
	hay    *haystack
	logs   *log
	admins []string // addresses of metrics
}

func startWatched(t *testing.T, masterKey string) *watched {
	t.Helper()
	natsAddress, listen := freeAddress(t), freeAddress(t)
	host, port, _ := net.SplitHostPort(natsAddress)
	w := &watched{hay: &haystack{}, logs: &log{}}
	startInto(t, w.logs, nil, natsBinary, "-js", "-sd", t.TempDir(), "-a", host, "-p", port)
	w.hay.listen(t, "nats://"+natsAddress)
	database := pgtest.Database(t)
	env := []string{
		"NATS_URL=nats://" + natsAddress, "DATABASE_URL=" + database, "CARILLON_PUBLIC_URL=http://" + listen,
		"CARILLON_LISTEN=" + listen, "CARILLON_ADMIN_KEY=" + adminKey, "CARILLON_ALLOW_TARGETS=127.0.0.0/8",
		"CARILLON_LOG_LEVEL=debug", "OTEL_EXPORTER_OTLP_ENDPOINT=" + spans.endpoint(), "CARILLON_MASTER_KEY=" + masterKey,
	}
	for _, name := range []string{"planner", "runner", "runner", "recorder", "gateway"} {
		w.admins = append(w.admins, freeAddress(t))
		startInto(t, w.logs, append(env, "CARILLON_ADMIN_LISTEN="+w.admins[len(w.admins)-1]), carillonBinary, name)
	}
	w.system = ready(t, listen)
	w.database = database
	w.follow(t)
	return w
}

// follow adds the live feed as a client gets it.
func (w *watched) follow(t *testing.T) {
	t.Helper()
	events := make(chan client.Event)
	ended := make(chan struct{})
	go func() { _ = w.Feed(t.Context(), events) }()
	go func() {
		defer close(ended)
		for event := range events {
			text, _ := json.Marshal(event)
			w.hay.add("feed", string(text))
		}
	}()
	t.Cleanup(func() { <-ended })
}

// put stores a secret; what is answered is heard.
func (w *watched) put(t *testing.T, name, value string) {
	t.Helper()
	var answer json.RawMessage
	if err := w.Do(t.Context(), "PUT", "/secrets/default/"+name, map[string]string{"value": value}, &answer); err != nil {
		t.Fatal(err)
	}
	w.hay.add("answers", string(answer))
}

// job makes a job that fires each second.
func (w *watched) job(t *testing.T, name string, target carillon.Target) carillon.Job {
	t.Helper()
	target.Body = `{"of":"` + name + `"}`
	return w.create(t, carillon.Document{
		Name: name, Schedule: schedule.Spec{Every: schedule.Duration(time.Second)}, Target: target, Retry: carillon.Retry{MaxAttempts: 1},
	})
}

// gather adds all that can be read at the end.
func (w *watched) gather(t *testing.T, jobs []carillon.Job) {
	t.Helper()
	paths := []string{"/jobs", "/runs?limit=500", "/secrets", "/queues", "/pauses"}
	for _, job := range jobs {
		paths = append(paths, "/jobs/"+job.ID.String(), "/jobs/"+job.ID.String()+"/revisions")
		for _, r := range w.runs(t, "job_id="+job.ID.String()) {
			paths = append(paths, "/runs/"+r.ID.String())
		}
	}
	for _, path := range paths {
		var answer json.RawMessage
		if err := w.Do(t.Context(), "GET", path, nil, &answer); err != nil {
			t.Fatal(err)
		}
		w.hay.add("answers", string(answer))
	}
	for _, admin := range w.admins {
		w.hay.add("metrics", page(t, "http://"+admin+"/metrics"))
	}
	w.hay.dump(t, w.database)
	w.hay.add("logs", w.logs.String())
	w.hay.add("traces", spans.text())
}

// TestNoSecretIsSeenAnywhere calls targets that verify each kind of proof, and echo
// it, while everything is watched: messages, tables, logs, traces, feed, answers.
func TestNoSecretIsSeenAnywhere(t *testing.T) {
	t.Parallel()
	masterKey := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xfb, 7}, 16))
	w := startWatched(t, masterKey)
	serverCert, serverKey := certify(t)
	clientCert, clientKey := certify(t)
	for name, value := range map[string]string{
		"bearer": bearerSecret, "password": password, "client": clientSecret, "wrong": wrongSecret, "filled": filledSecret, "pair": clientCert + clientKey,
		"told": toldSecret,
	} {
		w.put(t, name, value)
	}
	header := func(want string) func(*http.Request) bool {
		return func(r *http.Request) bool { return r.Header.Get("Authorization") == want }
	}
	basic := base64.StdEncoding.EncodeToString([]byte("me:" + password))
	// url.QueryEscape, as RFC 6749 asks of a client's id and secret.
	tokens := serveTokens(t, "me", "client-S3CR3T%2F%2B%25%26", accessToken)
	oauth2 := func(secret string) *carillon.Auth {
		return &carillon.Auth{OAuth2: &carillon.OAuth2{TokenURL: tokens, ClientID: "me", Secret: secret, Scopes: []string{"report"}}}
	}
	plain := map[string]*verifier{
		"bearer": verify(t, nil, header("Bearer "+bearerSecret)), "basic": verify(t, nil, header("Basic "+basic)),
		"oauth2": verify(t, nil, header("Bearer "+accessToken)),
		"mtls":   verify(t, mutual(t, serverCert, serverKey, clientCert), func(*http.Request) bool { return true }),
	}
	auths := map[string]*carillon.Auth{
		"bearer": {Bearer: &carillon.Bearer{Secret: "bearer"}}, "basic": {Basic: &carillon.Basic{Username: "me", Secret: "password"}},
		"oauth2": oauth2("client"), "mtls": {MTLS: &carillon.MTLS{Secret: "pair", CA: serverCert}},
	}
	var jobs []carillon.Job
	for name, auth := range auths {
		jobs = append(jobs, w.job(t, name, carillon.Target{URL: plain[name].URL, Auth: auth}))
	}
	plain["filled"] = verify(t, nil, func(r *http.Request) bool {
		return r.FormValue("key") == filledSecret && r.Header.Get("X-Key") == "is "+filledSecret
	})
	jobs = append(jobs, w.job(t, "filled", carillon.Target{
		URL: plain["filled"].URL + "/?key={{secret.filled}}", Headers: map[string]string{"X-Key": "is {{secret.filled}}"},
	}))
	teller := tell(t)
	plain["told"] = teller.verifier
	jobs = append(jobs, w.job(t, "told", teller.target()))
	closed := "http://" + freeAddress(t)
	jobs = append(jobs,
		w.job(t, "refused", carillon.Target{URL: verify(t, nil, header("none")).URL, Auth: auths["bearer"]}),
		w.job(t, "unreachable", carillon.Target{URL: closed + "/?x=y", Auth: auths["basic"]}),
		w.job(t, "no-token", carillon.Target{URL: closed, Auth: oauth2("wrong")}),
	)
	keys := w.rotate(t, &jobs)
	proven(t, plain)
	for _, name := range []string{"refused", "unreachable", "no-token"} {
		w.ended(t, jobs, name)
	}
	w.succeeded(t, jobs, "told")
	w.gather(t, jobs)
	w.heard(t)
	secrets := map[string]string{
		"the bearer token": bearerSecret, "the password": password, "the pair": "me:" + password, "the client's secret": clientSecret,
		"the access token": accessToken, "the wrong secret": wrongSecret, "the filled in secret": filledSecret, "the master key": masterKey,
	}
	for i, line := range strings.Split(clientKey, "\n")[1:3] {
		secrets[fmt.Sprint("line of the key ", i)] = line
	}
	for i, key := range keys {
		secrets[fmt.Sprint("signing key ", i)] = strings.TrimPrefix(key, "whsec_")
	}
	for i, token := range teller.tokens() {
		secrets[fmt.Sprint("address for a callback ", i)] = token
	}
	for name, secret := range secrets {
		w.hay.hasNot(t, name, secret)
	}
	for _, told := range []string{toldSecret, "me:" + toldSecret} {
		w.hay.hasNot(t, "what was told", told, "callbacks") // until its run has ended, a report is as it came
	}
}

// proven waits until each verifier has taken two calls.
func proven(t *testing.T, verifiers map[string]*verifier) {
	t.Helper()
	until(t, time.Minute, func() error {
		for _, v := range verifiers {
			if err := v.enough(2); err != nil {
				return err
			}
		}
		return nil
	})
}

// heard makes sure that everything was listened to, and that targets did echo.
func (w *watched) heard(t *testing.T) {
	t.Helper()
	for _, control := range [][2]string{
		{"messages", "secret.default.bearer"}, {"messages", "Bearer (secret)"}, {"messages", "Basic (secret)"},
		{"tables", "the token endpoint answered 401 Unauthorized"}, {"tables", "Bearer (secret)"},
		{"logs", "definitions republished"}, {"logs", "Server is ready"}, {"traces", "attempt"}, {"feed", "succeeded"}, {"metrics", "carillon_runner_calls_total"},
		{"callbacks", toldProof}, {"callbacks", "told: Basic (secret)"}, {"tables", "told: Basic (secret)"}, {"answers", "\"name\":\"password\""},
	} {
		w.hay.has(t, control[0], control[1])
	}
}

// rotate changes a signing key twice while calls are made, the receiver always one
// step behind. Every signature must verify.
func (w *watched) rotate(t *testing.T, jobs *[]carillon.Job) (keys []string) {
	t.Helper()
	for _, seed := range []string{"1/", "2+", "3="} {
		keys = append(keys, "whsec_"+base64.StdEncoding.EncodeToString([]byte(strings.Repeat(seed+"\xfb\xff", 8))))
	}
	w.put(t, "signature", keys[0])
	r := receive(t, keys[0])
	*jobs = append(*jobs, w.job(t, "signed", carillon.Target{URL: r.URL, Signing: &carillon.Signing{Secrets: []string{"signature"}}}))
	for _, next := range keys[1:] {
		more := r.proven.Load() + 2
		until(t, time.Minute, func() error { return r.enough(more) })
		w.put(t, "signature", next)
		more = r.proven.Load() + 2
		until(t, time.Minute, func() error { return r.enough(more) }) // by the key before
		r.learn(t, next)
	}
	more := r.proven.Load() + 2
	until(t, time.Minute, func() error { return r.enough(more) })
	return keys
}

// ended waits until a run of a job is in the ledger as failed.
func (w *watched) ended(t *testing.T, jobs []carillon.Job, name string) {
	t.Helper()
	w.reached(t, jobs, name, carillon.StateFailed)
}

func (w *watched) succeeded(t *testing.T, jobs []carillon.Job, name string) {
	t.Helper()
	w.reached(t, jobs, name, carillon.StateSucceeded)
}

func (w *watched) reached(t *testing.T, jobs []carillon.Job, name string, state carillon.State) {
	t.Helper()
	for _, job := range jobs {
		if job.Name != name {
			continue
		}
		until(t, time.Minute, func() error {
			if len(w.runs(t, "state="+string(state)+"&job_id="+job.ID.String())) == 0 {
				return fmt.Errorf("no run of %s has %s", name, state)
			}
			return nil
		})
	}
}
