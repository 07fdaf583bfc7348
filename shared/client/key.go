package client

import (
	"time"

	"github.com/google/uuid"
)

// Key is what may be known of an API key.
type Key struct {
	ID         uuid.UUID  `json:"id"`
	Name       string     `json:"name"`
	Role       string     `json:"role"`
	Namespaces []string   `json:"namespaces,omitempty"`
	Rate       *int       `json:"rate,omitempty"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at,omitempty"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty"`
	// Secret is the key itself, in the answer to its creation only.
	Secret string `json:"key,omitempty"`
}

// WantedKey is a key to be issued. For zero fields, it gets what the caller has.
type WantedKey struct {
	Name       string     `json:"name"`
	Role       string     `json:"role"`
	Namespaces []string   `json:"namespaces,omitempty"`
	Rate       int        `json:"rate,omitempty"` // most requests in a second
	ExpiresAt  *time.Time `json:"expires_at,omitempty"`
}
