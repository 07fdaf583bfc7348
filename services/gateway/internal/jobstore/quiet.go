package jobstore

import "time"

// For how long a person's word on a job stands alone: adaptive rescheduling leaves
// the job as it is.
const (
	// QuietAfterEdit is long enough for the edit to show what it does.
	QuietAfterEdit = time.Hour
	// QuietAfterRefusal follows a rollback and a dismissed suggestion: a person has
	// seen what adaptive rescheduling wants and wants otherwise. Repeating it the
	// same day would be a quarrel.
	QuietAfterRefusal = 24 * time.Hour
)
