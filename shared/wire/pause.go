package wire

import "time"

// Pause says whether the jobs of a namespace, or all jobs, are paused from an
// instant on, whatever their own documents say. It stands under topology.Pause;
// the one with the greatest Revision among those that have begun holds.
type Pause struct {
	// Namespace is the one meant; empty for all of them.
	Namespace string `json:"namespace,omitempty"`
	// Revision counts the changes of this pause, from 1.
	Revision      int64     `json:"revision"`
	Paused        bool      `json:"paused"`
	EffectiveFrom time.Time `json:"effective_from"`
	// Republished is as in [Definition].
	Republished bool `json:"republished,omitempty"`
}
