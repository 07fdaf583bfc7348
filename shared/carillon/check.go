package carillon

import (
	"time"

	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/google/uuid"
)

// CheckDocument is a check as a person writes it: a job that runs elsewhere, and
// when it has to be heard of.
type CheckDocument struct {
	Namespace string            `json:"namespace,omitempty" doc:"Tenant that the check belongs to." default:"default" maxLength:"63" example:"default"`
	Name      string            `json:"name" doc:"Unique in its namespace: letters, digits, '.', '_' and '-'." maxLength:"100" example:"nightly-backup"`
	Labels    map[string]string `json:"labels,omitempty" doc:"Free marks, which alert routes go by." example:"{\"team\":\"billing\"}"`
	Period    Duration          `json:"period,omitempty" doc:"Longest time from one ping to the next. Either this or schedule." example:"24h"`
	Schedule  *schedule.Spec    `json:"schedule,omitempty" doc:"When pings are expected: that of a job, with its time zone."`
	Grace     Duration          `json:"grace,omitempty" doc:"How much later a ping may come, and how long a run may take from its start to its end; 5m by default." example:"10m"`
	Paused    bool              `json:"paused,omitempty" doc:"A paused check is never overdue."`
}

// Check is a stored check.
type Check struct {
	ID uuid.UUID `json:"id" doc:"Stable id." format:"uuid"`
	// Token is the last part of the address that is pinged.
	Token    uuid.UUID `json:"token,omitzero" doc:"The last part of the address to ping: whoever knows it can. Only editors see it." format:"uuid"`
	Revision int64     `json:"revision" doc:"Counts the changes, from 1."`
	CheckDocument
}

// PingPath is where checks are pinged, below the address of the API.
const PingPath = "/ping/"

const (
	minPeriod    = time.Second
	defaultGrace = Duration(5 * time.Minute)
)

// WithDefaults returns the document with every unset optional field filled in.
func (d CheckDocument) WithDefaults() CheckDocument {
	fill(&d.Namespace, "default")
	fill(&d.Grace, defaultGrace)
	return d
}

// Validate returns a fault.Faults that names every faulty field of a document with
// its defaults filled in, or nil.
func (d CheckDocument) Validate() error {
	var faults fault.Faults
	checkSlug(&faults, "namespace", d.Namespace)
	checkName(&faults, "name", d.Name)
	faults.Nest("labels", CheckLabels(d.Labels))
	switch {
	case (d.Period == 0) == (d.Schedule == nil):
		faults.Add("period", "is needed, or else schedule: one of them says when pings are expected")
	case d.Schedule != nil:
		_, err := d.Schedule.Compile(d.Name)
		faults.Nest("schedule", err)
	case time.Duration(d.Period) < minPeriod:
		faults.Add("period", "must be at least 1s, not %s", d.Period)
	default:
		checkSpan(&faults, "period", d.Period)
	}
	checkSpan(&faults, "grace", d.Grace)
	return faults.Err()
}

// CheckStatus is how a check is.
type CheckStatus string

// The statuses of a check.
const (
	CheckNew     CheckStatus = "new"     // was never pinged
	CheckUp      CheckStatus = "up"      // was pinged in time
	CheckLate    CheckStatus = "late"    // is expected, and within its grace
	CheckOverdue CheckStatus = "overdue" // was not pinged in time
	CheckFailed  CheckStatus = "failed"  // was told of a failure
	CheckPaused  CheckStatus = "paused"  // is not watched
)
