package client

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// Qualified splits "namespace/name"; a name alone is one of the namespace default.
func Qualified(text string) (namespace, name string) {
	if namespace, name, ok := strings.Cut(text, "/"); ok {
		return namespace, name
	}
	return "default", text
}

// FindJob returns the id of the job that text names: its id, "namespace/name",
// or the name of one in the namespace default. An id is returned as it is.
func (c *Client) FindJob(ctx context.Context, text string) (uuid.UUID, error) {
	if id, err := uuid.Parse(text); err == nil {
		return id, nil
	}
	namespace, name := Qualified(text)
	jobs, _, err := List[carillon.Job](ctx, c, "/jobs", url.Values{"namespace": {namespace}, "q": {name}}, math.MaxInt)
	if err != nil {
		return uuid.Nil, err
	}
	for _, job := range jobs {
		if job.Name == name {
			return job.ID, nil
		}
	}
	return uuid.Nil, fmt.Errorf("there is no job %s/%s", namespace, name)
}

// Revision is a state that a job's document was in.
type Revision struct {
	Revision      int64             `json:"revision"`
	Action        string            `json:"action"`
	Actor         string            `json:"actor"`
	Reason        string            `json:"reason,omitempty"`
	CreatedAt     time.Time         `json:"created_at"`
	EffectiveFrom time.Time         `json:"effective_from"`
	Document      carillon.Document `json:"document"`
}
