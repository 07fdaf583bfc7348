package client

import "time"

// Secret is what may be known of a secret: all but its value.
type Secret struct {
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	Version   int64     `json:"version"`
	Previous  bool      `json:"previous"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Uses      int       `json:"uses"`
	UsedBy    []string  `json:"used_by"`
}
