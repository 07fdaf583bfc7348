package client

import (
	"encoding/json"
	"time"
)

// Identity is whom a key stands for. It may see all namespaces if there are none,
// and does not end without an end.
type Identity struct {
	Name       string     `json:"name"`
	Role       string     `json:"role"`
	Namespaces []string   `json:"namespaces,omitempty"`
	ExpiresAt  *time.Time `json:"expires_at,omitempty"`
}

// Namespace is one that the key may see.
type Namespace struct {
	Name string `json:"name"`
}

// Change is a line of the audit log: who changed what.
type Change struct {
	ID        int64           `json:"id"`
	At        time.Time       `json:"at"`
	Actor     string          `json:"actor"`
	Namespace string          `json:"namespace,omitempty"`
	Action    string          `json:"action"`
	Object    string          `json:"object"`
	Before    json.RawMessage `json:"before,omitempty"`
	After     json.RawMessage `json:"after,omitempty"`
}
