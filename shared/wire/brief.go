package wire

import (
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
	"github.com/segmentio/encoding/json"
)

// Brief is a [Definition] as a planner reads it. What only runners need to know is
// left as it is written, and passed on like that: to read it and write it anew
// takes longer than all the rest. The fields of the Definition that have the same
// names are empty.
type Brief struct {
	Definition
	Labels json.RawMessage `json:"labels"`
	Target json.RawMessage `json:"target"`
	Retry  json.RawMessage `json:"retry"`
}

// RawCall is a [Call] whose labels, target and retry policy are JSON already.
type RawCall struct {
	JobID     uuid.UUID         `json:"job_id"`
	Job       string            `json:"job"`
	Namespace string            `json:"namespace"`
	Revision  int64             `json:"revision"`
	Queue     string            `json:"queue"`
	Labels    json.RawMessage   `json:"labels,omitempty"`
	Target    json.RawMessage   `json:"target,omitempty"`
	Retry     json.RawMessage   `json:"retry,omitempty"`
	Deadline  carillon.Duration `json:"deadline,omitempty"`
}

// Address is the URL of a target that is JSON, or "" if there is none.
func Address(target json.RawMessage) string {
	var t struct {
		URL string `json:"url"`
	}
	_ = json.Unmarshal(target, &t) // then it is empty
	return t.URL
}

// Encode returns the JSON form. What is JSON already is not looked at.
func (c *RawCall) Encode() []byte {
	const rest = 250 // roughly
	data, err := json.Append(make([]byte, 0, len(c.Labels)+len(c.Target)+len(c.Retry)+rest), c, json.TrustRawMessage)
	if err != nil {
		panic("wire: " + err.Error()) // unreachable, as in Encode
	}
	return data
}
