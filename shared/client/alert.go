package client

import (
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// Alert says what is or was wrong with a job or a check.
type Alert struct {
	ID        int64              `json:"id"`
	Object    string             `json:"object"` // job or check
	ObjectID  uuid.UUID          `json:"object_id"`
	Namespace string             `json:"namespace"`
	Name      string             `json:"name"`
	Labels    map[string]string  `json:"labels,omitempty"`
	Kind      carillon.AlertKind `json:"kind"`
	State     string             `json:"state"` // firing or resolved
	Reason    string             `json:"reason"`
	Times     int                `json:"times"`
	FireTime  *time.Time         `json:"fire_time,omitempty"`
	StartedAt time.Time          `json:"started_at"`
	EndedAt   *time.Time         `json:"ended_at,omitempty"`
}
