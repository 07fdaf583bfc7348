package client

import "time"

// Pause is one change of the pause of a namespace, or of everything if Namespace
// is empty.
type Pause struct {
	Namespace     string    `json:"namespace,omitempty"`
	Paused        bool      `json:"paused"`
	Revision      int64     `json:"revision"`
	EffectiveFrom time.Time `json:"effective_from,omitzero"`
	Actor         string    `json:"actor,omitempty"`
	Reason        string    `json:"reason,omitempty"`
	CreatedAt     time.Time `json:"created_at,omitzero"`
}
