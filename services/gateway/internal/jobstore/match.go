package jobstore

import (
	"fmt"
	"slices"
)

// Match says which revision a job must have for a change to be made: one of those
// listed, or any if it is nil.
type Match []int64

// MismatchError says that a job has another revision than whoever wants to change it
// has seen.
type MismatchError struct{ Revision int64 }

// Error names the revision that the job has.
func (e *MismatchError) Error() string {
	return fmt.Sprintf("the job has revision %d by now", e.Revision)
}

// check fails with a *[MismatchError].
func (m Match) check(revision int64) error {
	if m == nil || slices.Contains(m, revision) {
		return nil
	}
	return &MismatchError{revision}
}
