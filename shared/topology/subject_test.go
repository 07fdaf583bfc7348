package topology_test

import (
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

// spelled is a subject, the stream that takes it, and the filters that match it.
type spelled struct {
	subject, stream string
	filters         []string
}

// subjects is what every constructor makes of a job, a run and a queue.
func subjects(job, run uuid.UUID) []spelled {
	return []spelled{
		{topology.Job(job), topology.JobsStream, []string{topology.AllJobs}},
		{topology.Queue("low"), topology.JobsStream, []string{topology.AllQueues}},
		{topology.Pause(""), topology.JobsStream, []string{topology.AllPauses}},
		{topology.Pause("all"), topology.JobsStream, []string{topology.AllPauses}},
		{topology.Backfill(job, run), topology.JobsStream, []string{topology.AllBackfills}},
		{topology.Secret("billing", "token"), topology.JobsStream, []string{topology.AllSecrets}},
		{topology.Ready(job, "low"), topology.RunsStream, []string{topology.InFlight(job), topology.QueueRuns("low"), ready("low")}},
		{topology.Retry(job, "low", run), topology.RunsStream, []string{topology.InFlight(job), topology.QueueRuns("low"), topology.MovedRuns}},
		{topology.Ready(job, "ready"), topology.RunsStream, []string{topology.InFlight(job), topology.QueueRuns("ready"), ready("ready")}},
		{topology.Retry(job, "retry", run), topology.RunsStream, []string{topology.InFlight(job), topology.QueueRuns("retry"), topology.MovedRuns}},
		{topology.Callback(job, "low", run), topology.RunsStream, []string{topology.InFlight(job), topology.QueueRuns("low"), topology.CallbackConsumer().FilterSubject, topology.MovedRuns}},
		{topology.Callback(job, "ready", run), topology.RunsStream, []string{topology.InFlight(job), topology.QueueRuns("ready"), topology.CallbackConsumer().FilterSubject, topology.MovedRuns}},
		{topology.CallbackSubject(topology.CallbackKey(run, 2)), topology.CallbacksStream, nil},
		{topology.Skip(job), topology.RunsStream, []string{topology.AllSkips}},
		{topology.Mark(0), topology.RunsStream, nil},
		{topology.Mark(carillon.Partitions - 1), topology.RunsStream, nil},
		{topology.Outcome("billing", job, topology.EventQueued), topology.OutcomesStream, []string{topology.Outcomes(job)}},
		{topology.Outcome("billing", job, topology.EventStarted), topology.OutcomesStream, []string{topology.Outcomes(job)}},
		{topology.Outcome("billing", job, topology.EventAttempted), topology.OutcomesStream, []string{topology.Outcomes(job)}},
		{topology.Outcome("billing", job, topology.EventFinished), topology.OutcomesStream, []string{topology.Outcomes(job)}},
	}
}

func ready(queue string) string {
	return topology.QueueConsumer(carillon.Queue{Name: queue}).FilterSubject
}

// The server itself says which stream takes a subject and which filter matches it.
func TestEverySubjectHasOneStreamAndItsFilters(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Streams()
	job, other, run := carillon.NewJobID(), carillon.NewJobID(), uuid.New()
	filters := []string{
		topology.AllJobs, topology.AllQueues, topology.AllPauses, topology.AllBackfills, topology.AllSecrets, topology.AllSkips, topology.InFlight(job), topology.InFlight(other),
		topology.Outcomes(job), topology.Outcomes(other), topology.MovedRuns,
		topology.QueueRuns("low"), topology.QueueRuns("lo"), topology.QueueRuns("ready"), topology.QueueRuns("retry"),
		topology.CallbackConsumer().FilterSubject, ready("low"), ready("lo"), ready("ready"), ready("retry"),
	}
	for _, c := range subjects(job, run) {
		ack, err := js.Publish(t.Context(), c.subject, nil)
		if err != nil || ack.Stream != c.stream {
			t.Errorf("%s: taken by %+v, %v; want %s", c.subject, ack, err, c.stream)
			continue
		}
		want := map[string]bool{}
		for _, filter := range c.filters {
			want[filter] = true
		}
		for _, filter := range filters {
			if got := matches(t, js, c.stream, filter, c.subject); got != want[filter] {
				t.Errorf("%s matches %s: %t, want %t", filter, c.subject, got, want[filter])
			}
		}
	}
}

func matches(t *testing.T, js jetstream.JetStream, stream, filter, subject string) bool {
	t.Helper()
	s, err := js.Stream(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Info(t.Context(), jetstream.WithSubjectFilter(filter))
	if err != nil {
		t.Fatal(err)
	}
	return info.State.Subjects[subject] == 1
}

func TestJobOfRunReadsWhatInFlightMatches(t *testing.T) {
	t.Parallel()
	for range 100 {
		job := carillon.NewJobID()
		for _, subject := range []string{topology.Ready(job, "low"), topology.Retry(job, "ready", uuid.New())} {
			if got, err := topology.JobOfRun(subject); err != nil || got != job {
				t.Errorf("%s: got %s, %v", subject, got, err)
			}
		}
	}
}

func TestJobOfRunRefusesEverythingElse(t *testing.T) {
	t.Parallel()
	job := carillon.NewJobID()
	id := job.String()
	for _, subject := range []string{
		"", ".", "...", "run", "run.", "run...", "run.0." + id, "run.0." + id + "x.low.ready", "run.0.low.ready",
		topology.Skip(job), topology.Job(job), topology.Mark(3), topology.Queue("low"),
		topology.Outcome("default", job, topology.EventFinished), "prefix." + topology.Ready(job, "low"),
		"RUN.0." + id + ".low.ready", "run.0.urn:uuid:" + id + ".low.ready", "run.0.{" + id + "}.low.ready",
		"run.0." + strings.ReplaceAll(id, "-", "") + ".low.ready", "run.0." + strings.ToUpper(id) + ".low.ready",
		"run.99." + id + ".low.ready", "run." + id + ".low.ready", strings.Repeat(".", 1<<20), "run.0.\x00.low.ready",
	} {
		if got, err := topology.JobOfRun(subject); err == nil || !strings.HasPrefix(err.Error(), "topology: ") || len(err.Error()) > 300 {
			t.Errorf("%.60q: got %s, %.400v", subject, got, err)
		}
	}
}

func FuzzJobOfRun(f *testing.F) {
	f.Add("run.7.0193d5a0-0000-7000-8000-000000000001.low.ready")
	f.Add("run.7.0193d5a0-0000-7000-8000-000000000001.low.retry.0193d5a0-0000-7000-8000-000000000002")
	f.Fuzz(func(t *testing.T, subject string) {
		job, err := topology.JobOfRun(subject)
		if err == nil && !strings.HasPrefix(subject, strings.TrimSuffix(topology.InFlight(job), ">")) {
			t.Errorf("%q is not in flight for %s", subject, job)
		}
	})
}

func TestSubjectsOfJobsTellWhatTheyAreOf(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	for subject, want := range map[string][4]bool{
		topology.Job(id):                  {false, false, false, false},
		topology.Queue("pause"):           {true, false, false, false},
		topology.Pause("queue"):           {false, true, false, false},
		topology.Backfill(id, id):         {false, false, true, false},
		topology.Secret("queue", "pause"): {false, false, false, true},
	} {
		got := [4]bool{topology.IsQueue(subject), topology.IsPause(subject), topology.IsBackfill(subject), topology.IsSecret(subject)}
		if got != want {
			t.Errorf("%s: queue, pause, backfill, secret: got %v", subject, got)
		}
	}
}

func TestQueueNameReadsQueue(t *testing.T) {
	t.Parallel()
	for _, queue := range carillon.BuiltinQueues() {
		if got := topology.QueueName(topology.Queue(queue.Name)); got != queue.Name {
			t.Errorf("got %q, want %q", got, queue.Name)
		}
	}
}

func TestSecretNameReadsSecret(t *testing.T) {
	t.Parallel()
	if got := topology.SecretName(topology.Secret("secret", "a-b")); got.Namespace != "secret" || got.Name != "a-b" {
		t.Errorf("got %+v", got)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"default": true, "a-b": true, "é": true, "": false, "a.b": false, "*": false, ">": false, "a b": false, "a\n": false,
	} {
		if got := topology.IsToken(text); got != want {
			t.Errorf("%q: got %t", text, got)
		}
	}
}

func TestTheTokenOfAPingIsReadBack(t *testing.T) {
	t.Parallel()
	token := uuid.New()
	if got, ok := topology.PingToken(topology.PingSignal(token)); !ok || got != token {
		t.Errorf("%s, %t", got, ok)
	}
	for _, subject := range []string{topology.AlertSignal(token), "ping.", "ping.x", token.String()} {
		if _, ok := topology.PingToken(subject); ok {
			t.Errorf("%s has a token", subject)
		}
	}
}
