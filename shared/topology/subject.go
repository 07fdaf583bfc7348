package topology

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// Filters over whole families of subjects.
const (
	AllJobs      = "job.>"
	AllQueues    = "queue.*"
	AllPauses    = "pause.>"
	AllBackfills = "backfill.*.*"
	AllSecrets   = "secret.*.*"
	AllSkips     = "skip.>"
	AllFeed      = "feed.>"
)

// FeedReaders is the subject on which gateways tell each other that somebody
// reads the live feed.
const FeedReaders = "feedreaders"

// Job is the subject of a job's definition.
func Job(id uuid.UUID) string {
	return "job." + partition(id) + "." + id.String()
}

// Queue is the subject of a queue's definition.
func Queue(name string) string { return "queue." + name }

// QueueName is the name in a queue's subject.
func QueueName(subject string) string { return strings.TrimPrefix(subject, "queue.") }

// IsQueue tells the subjects of queues from those of jobs.
func IsQueue(subject string) bool { return strings.HasPrefix(subject, "queue.") }

// Pause is the subject of whether a namespace is paused; of all together for "".
func Pause(namespace string) string {
	if namespace == "" {
		return "pause.all"
	}
	return "pause.namespace." + namespace
}

// IsPause tells the subjects of pauses from all others.
func IsPause(subject string) bool { return strings.HasPrefix(subject, "pause.") }

// Backfill is the subject of a backfill of a job.
func Backfill(job, backfill uuid.UUID) string {
	return "backfill." + partition(job) + "." + backfill.String()
}

// IsBackfill tells the subjects of backfills from all others.
func IsBackfill(subject string) bool { return strings.HasPrefix(subject, "backfill.") }

// Secret is the subject of a secret of a namespace.
func Secret(namespace, name string) string { return "secret." + namespace + "." + name }

// SecretName is the name in a secret's subject.
func SecretName(subject string) (name carillon.SecretName) {
	name.Namespace, name.Name, _ = strings.Cut(strings.TrimPrefix(subject, "secret."), ".")
	return name
}

// IsSecret tells the subjects of secrets from all others.
func IsSecret(subject string) bool { return strings.HasPrefix(subject, "secret.") }

// Ready is the subject on which a run of a job waits for a runner.
func Ready(job uuid.UUID, queue string) string {
	return "run." + partition(job) + "." + job.String() + "." + queue + ".ready"
}

// Retry is the subject on which a run waits for its next attempt, or for its
// callback.
func Retry(job uuid.UUID, queue string, run uuid.UUID) string {
	return "run." + partition(job) + "." + job.String() + "." + queue + ".retry." + run.String()
}

// Callback is the subject on which a run whose wait for its callback is over
// waits for a runner.
func Callback(job uuid.UUID, queue string, run uuid.UUID) string {
	return "run." + partition(job) + "." + job.String() + "." + queue + ".callback." + run.String()
}

// QueueRuns matches every run of a queue that is queued, running or waiting.
func QueueRuns(queue string) string { return "run.*.*." + queue + ".>" }

// MovedRuns matches every run that waits for its next attempt or its callback, or
// whose wait for that is over: each has been published anew.
const MovedRuns = "run.*.*.*.*.*"

// InFlight matches every run of a job that is queued, running or waiting.
func InFlight(job uuid.UUID) string {
	return "run." + partition(job) + "." + job.String() + ".>"
}

// JobOfRun is the job in a subject that [InFlight] matches.
func JobOfRun(subject string) (uuid.UUID, error) {
	if tokens := strings.SplitN(subject, ".", 4); len(tokens) == 4 {
		job, err := uuid.Parse(tokens[2])
		if err == nil && strings.HasPrefix(subject, strings.TrimSuffix(InFlight(job), ">")) {
			return job, nil
		}
	}
	return uuid.Nil, fmt.Errorf("topology: %.70q is not the subject of a run", subject)
}

// Skip is the subject of the news that a fire was decided against.
func Skip(job uuid.UUID) string {
	return "skip." + partition(job) + "." + job.String()
}

// Mark is the subject of a partition's mark.
func Mark(partition int) string { return "mark." + strconv.Itoa(partition) }

// Outcome is the subject of an event in the life of a job's run.
func Outcome(namespace string, job uuid.UUID, event Event) string {
	return "outcome." + namespace + "." + job.String() + "." + string(event)
}

// Outcomes matches every event in the life of a job's runs.
func Outcomes(job uuid.UUID) string { return "outcome.*." + job.String() + ".*" }

// Event is the last token of an outcome's subject: which turn in the life of
// a run it tells of.
type Event string

// The events of a run.
const (
	EventQueued    Event = "queued"    // asked for by hand, waiting
	EventStarted   Event = "started"   // its first call lasts longer than a moment
	EventAttempted Event = "attempted" // a call failed and will be tried again
	EventFinished  Event = "finished"  // the run has ended
)

// IsToken reports whether text can be one token of a subject. Names are
// validated where they are defined; this is for readers of what others wrote.
func IsToken(text string) bool { return text != "" && !strings.ContainsAny(text, ".*> \t\r\n") }

func partition(job uuid.UUID) string { return strconv.Itoa(carillon.PartitionOf(job)) }
