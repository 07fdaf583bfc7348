package wire

import (
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// Outcome is an event in the life of a run. Later events of a run say
// everything that earlier ones said, so a reader may miss any but the last.
type Outcome struct {
	RunID     uuid.UUID `json:"run_id"`
	JobID     uuid.UUID `json:"job_id"`
	Job       string    `json:"job"`
	Namespace string    `json:"namespace"`
	Revision  int64     `json:"revision"`
	Queue     string    `json:"queue"`
	// Labels are the job's at this revision; they are not recorded.
	Labels   map[string]string `json:"labels,omitempty"`
	Kind     carillon.Kind     `json:"kind"`
	FireTime time.Time         `json:"fire_time"`
	State    carillon.State    `json:"state"`
	// Reason is a short sentence for every state but succeeded, and running unless
	// the run waits for its callback.
	Reason    string    `json:"reason,omitempty"`
	PlannedAt time.Time `json:"planned_at"`
	// StartedAt is when the first attempt began; zero if none was made.
	StartedAt  time.Time `json:"started_at,omitzero"`
	FinishedAt time.Time `json:"finished_at,omitzero"`
	// Attempts counts the attempts made so far; Attempt is the last of them.
	Attempts int      `json:"attempts"`
	Attempt  *Attempt `json:"attempt,omitempty"`
}

// Attempt is one HTTP request of a run.
type Attempt struct {
	Number     int       `json:"number"`
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at,omitzero"`
	// Status is the HTTP status code, or 0 where no answer came.
	Status int `json:"status,omitempty"`
	// Class and Error say why the attempt failed; both are empty if it did not.
	Class Class  `json:"class,omitempty"`
	Error string `json:"error,omitempty"`
	// Response is the start of the answer's body.
	Response string `json:"response,omitempty"`
	// RetryAt is when the target wants the next attempt at the earliest
	// (Retry-After); nil if it did not say. Cooldown: it wants no call at all till then.
	RetryAt  *time.Time `json:"retry_at,omitempty"`
	Cooldown bool       `json:"cooldown,omitempty"`
}

// Class is the kind of an attempt's failure.
type Class string

// The classes of failure.
const (
	ClassConnect     Class = "connect"     // no connection
	ClassDNS         Class = "dns"         // no address for the host
	ClassTLS         Class = "tls"         // no trust in the other side
	ClassTimeout     Class = "timeout"     // the attempt's time ran out
	ClassStatus      Class = "status"      // an answer, but not a good one
	ClassAssertion   Class = "assertion"   // an answer whose body is not what is wanted
	ClassTooLarge    Class = "too_large"   // an answer too large to say so
	ClassAuth        Class = "auth"        // no proof of who calls: a secret or a token is missing
	ClassBlocked     Class = "blocked"     // an address that may not be called
	ClassProtocol    Class = "protocol"    // an answer that is not HTTP
	ClassInterrupted Class = "interrupted" // the runner went away
)

// Classes lists every class of failure.
func Classes() []Class {
	return []Class{
		ClassConnect, ClassDNS, ClassTLS, ClassTimeout, ClassStatus, ClassAssertion, ClassTooLarge, ClassAuth,
		ClassBlocked, ClassProtocol, ClassInterrupted,
	}
}

// NewOutcome returns the outcome of a run in a state; the caller adds what
// the state calls for.
func NewOutcome(run Run, call Call, state carillon.State) Outcome {
	return Outcome{
		RunID: run.ID, JobID: call.JobID, Job: call.Job, Namespace: call.Namespace,
		Revision: call.Revision, Queue: call.Queue, Labels: call.Labels, Kind: run.Kind,
		FireTime: run.FireTime, PlannedAt: run.PlannedAt, State: state,
	}
}
