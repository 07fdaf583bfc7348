package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// FindJob returns the id of the job that text names: its id, "namespace/name",
// or the name of one in the namespace default. An id is returned as it is.
func (c *Client) FindJob(ctx context.Context, text string) (uuid.UUID, error) {
	if id, err := uuid.Parse(text); err == nil {
		return id, nil
	}
	namespace, name, ok := strings.Cut(text, "/")
	if !ok {
		namespace, name = "default", text
	}
	query := url.Values{"namespace": {namespace}, "q": {name}, "limit": {"500"}}
	for {
		var page struct {
			Items      []carillon.Job `json:"items"`
			NextCursor string         `json:"next_cursor"`
		}
		if err := c.Do(ctx, http.MethodGet, "/jobs?"+query.Encode(), nil, &page); err != nil {
			return uuid.Nil, err
		}
		for _, job := range page.Items {
			if job.Name == name {
				return job.ID, nil
			}
		}
		if page.NextCursor == "" {
			return uuid.Nil, fmt.Errorf("there is no job %s/%s", namespace, name)
		}
		query.Set("cursor", page.NextCursor)
	}
}
