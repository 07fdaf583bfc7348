package wire

import (
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// MaxChanges is how many changes an Adaptations holds at most: a message of NATS's
// default size has room for twice as many.
const MaxChanges = 2500

// Adaptations asks a gateway to change the schedules of jobs, on
// topology.Adaptations. What it asks for twice is done once, as a change names the
// revision that it is for.
type Adaptations struct {
	Changes []Adaptation `json:"changes"`
}

// Adaptation is a change of the schedule of one job, and why.
type Adaptation struct {
	JobID uuid.UUID `json:"job_id"`
	// Revision is the one that the change was worked out for. Any other is left alone.
	Revision int64               `json:"revision"`
	Action   carillon.Adaptation `json:"action"`
	// Adapted takes the place of the schedule's; nil gives the job back to its owner.
	Adapted *carillon.Adapted `json:"adapted,omitempty"`
	Reason  string            `json:"reason"`
}

// Adapted answers Adaptations. Where Error is set, nothing is known of the changes
// that are not counted.
type Adapted struct {
	Applied    int    `json:"applied"`
	Suggested  int    `json:"suggested"`
	Left       int    `json:"left"` // changed meanwhile, or no longer wanted
	Statements int    `json:"statements"`
	Error      string `json:"error,omitempty"`
}

// PassRequest asks a recorder for a pass of adaptive rescheduling now, on
// topology.AdaptivePass.
type PassRequest struct{}

// PassAnswer answers a PassRequest.
type PassAnswer struct {
	// Begun says that a pass follows; false, that somebody has asked for one already.
	Begun bool `json:"begun" doc:"A pass follows; false: somebody has asked for one already, and it has not begun."`
}
