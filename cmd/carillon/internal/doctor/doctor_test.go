package doctor

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go/jetstream"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// expect wants a finding of a part, with a state and a text.
func expect(t *testing.T, findings []Finding, part string, state State, says string) {
	t.Helper()
	for _, f := range findings {
		if f.Part == part && f.State == state && strings.Contains(f.Says, says) {
			if state != OK && f.Do == "" {
				t.Errorf("nothing says what to do about %+v", f)
			}
			return
		}
	}
	t.Errorf("no %q that is %s and says %q in:\n%s", part, state, says, text(findings))
}

func text(findings []Finding) (all string) {
	for _, f := range findings {
		all += fmt.Sprintf("%+v\n", f)
	}
	return all
}

func TestWhatIsWrongWithNATS(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	js, config := server.Streams(), server.Config()
	expect(t, NATS(t.Context(), config), "streams", OK, "JOBS (0 messages), RUNS")
	if err := js.DeleteStream(t.Context(), topology.SignalsStream); err != nil {
		t.Fatal(err)
	}
	jobs := topology.Streams(1)[0]
	jobs.MaxMsgsPerSubject = 3
	if _, err := js.UpdateStream(t.Context(), jobs); err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateOrUpdateConsumer(t.Context(), topology.OutcomesStream, topology.RecorderConsumer()); err != nil {
		t.Fatal(err)
	}
	found := NATS(t.Context(), config)
	expect(t, found, "nats", OK, "version 2.")
	expect(t, found, "jetstream", OK, "on")
	expect(t, found, "stream SIGNALS", Fail, "there is none")
	expect(t, found, "stream JOBS", Fail, "most for a subject 3 instead of 16")
	expect(t, found, "streams", OK, "RUNS")
	expect(t, found, "planners", Fail, "none is there")
	expect(t, found, "queues", Fail, "none is known")
	expect(t, found, "recorders", Fail, "nobody takes outcomes")
	if !Failed(found) {
		t.Error("all is well")
	}
	config.Replicas = 3
	expect(t, NATS(t.Context(), config), "stream RUNS", Fail, "copies 1 instead of 3")
}

func TestConsumersThatAreNotAsTheyShouldBe(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	js, config := server.Streams(), server.Config()
	for name, limit := range map[string]int{"missing": 5, "other": 7} {
		if _, err := js.Publish(t.Context(), topology.Queue(name), []byte(fmt.Sprintf(`{"name": %q, "concurrency": %d}`, name, limit))); err != nil {
			t.Fatal(err)
		}
	}
	other := jetstream.ConsumerConfig{
		Durable: topology.QueueConsumerName("other"), FilterSubject: "run.*.*.other.ready", AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: 9,
	}
	if _, err := js.CreateConsumer(t.Context(), topology.RunsStream, other); err != nil {
		t.Fatal(err)
	}
	found := NATS(t.Context(), config)
	expect(t, found, "queue missing", Fail, "consumer not found")
	expect(t, found, "queue other", Fail, "at most 9 at once instead of 7")
	expect(t, found, "runners", Fail, "none asks for runs")
}

func TestWhatIsWrongWithPostgres(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	found := Postgres(t.Context(), url)
	expect(t, found, "postgres", OK, "version ")
	expect(t, found, "gateways", Fail, "none is connected")
	expect(t, found, "outbox", OK, "0 changes wait")
	expect(t, Postgres(t.Context(), "postgres://%"), "postgres", Fail, "")

	pool, err := postgres.Open(t.Context(), postgres.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	do := func(sql string) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	do(`INSERT INTO outbox (subject, payload, created_at) VALUES ('job.1.x', '', now() - interval '2 minutes')`)
	expect(t, Postgres(t.Context(), url), "outbox", Fail, "1 changes wait")
	do(`UPDATE schema_version SET version = version - 1`)
	expect(t, Postgres(t.Context(), url), "schema", Fail, "this carillon needs")
	do(`UPDATE schema_version SET version = version + 2`)
	expect(t, Postgres(t.Context(), url), "schema", Warn, "this carillon knows")
	do(`DROP TABLE schema_version`)
	expect(t, Postgres(t.Context(), url), "schema", Fail, "there is none")
}

func TestWhatIsWrongWithAServer(t *testing.T) {
	t.Parallel()
	answers := map[string]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(-time.Minute).UTC().Format(http.TimeFormat))
		if r.URL.Path == "/readyz" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprint(w, answers[r.URL.Path])
	}))
	defer server.Close()
	look := func() []Finding { return Server(t.Context(), server.URL, nil, errors.New("there is no key: give one")) }
	answers["/healthz"] = "<html>"
	expect(t, look(), "server", Fail, "answers 200")
	answers["/healthz"], answers["/readyz"] = "ok\n", "nats: not connected\npostgres: starting\n"
	found := look()
	expect(t, found, "server", OK, "answers within")
	expect(t, found, "server clock", Fail, "ahead of it")
	expect(t, found, "ready", Fail, "nats: not connected")
	expect(t, found, "ready", Fail, "postgres: starting")
	if last := found[len(found)-1]; last.Part != "key" || last.State != Fail {
		t.Errorf("%+v", last)
	}
}

func TestClocksAreToldApartOnlyBeyondDoubt(t *testing.T) {
	t.Parallel()
	sent := time.Now()
	for _, c := range []struct {
		name            string
		skew, uncertain time.Duration
		state           State
	}{
		{"equal", 0, 0, OK},
		{"ahead, but perhaps not", 900 * time.Millisecond, 800 * time.Millisecond, OK},
		{"ahead", 900 * time.Millisecond, 0, Warn},
		{"behind", -900 * time.Millisecond, 0, Warn},
		{"far behind", -time.Minute, time.Second, Fail},
	} {
		var r report
		r.compareClocks("clock", sent, sent.Add(100*time.Millisecond), sent.Add(50*time.Millisecond-c.skew), c.uncertain)
		if r[0].State != c.state {
			t.Errorf("%s: %+v, want %s", c.name, r[0], c.state)
		}
	}
}
