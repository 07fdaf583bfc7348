package client

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/google/uuid"
)

// LargestApply is the most documents that one [Client.Apply] takes.
const LargestApply = 1000

// ApplyRequest is what jobs should be. A document is the body of POST /jobs; but a
// job whose document does not say whether it is paused stays as it is. The same
// bytes as the last time cost the server next to nothing.
type ApplyRequest struct {
	Jobs   []json.RawMessage `json:"jobs"`
	Set    string            `json:"set,omitempty"` // whose files the jobs are in, for prune
	DryRun bool              `json:"dry_run,omitempty"`
}

// ApplyAnswer says what became of each document, in the order of the request.
type ApplyAnswer struct {
	DryRun    bool         `json:"dry_run"`
	Created   int          `json:"created"`
	Updated   int          `json:"updated"`
	Unchanged int          `json:"unchanged"`
	Jobs      []AppliedJob `json:"jobs"`
}

// AppliedJob is what became of one document. In a dry run, what would be created
// has no id.
type AppliedJob struct {
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	ID        uuid.UUID `json:"id,omitzero"`
	Revision  int64     `json:"revision"`
	Action    string    `json:"action"` // created, updated or unchanged
	// Changed are JSON pointers into the document; "/set" is for the job's set.
	Changed []string `json:"changed,omitempty"`
}

// Apply makes jobs what their documents say, all or none of them. It fails with
// *[Problem], which names each fault as body.jobs[17].schedule.cron.
func (c *Client) Apply(ctx context.Context, request ApplyRequest) (answer ApplyAnswer, err error) {
	err = c.Do(ctx, http.MethodPost, "/jobs/apply", request, &answer)
	return answer, err
}

// BulkRequest is a change of all jobs that fit a filter.
type BulkRequest struct {
	Action string      `json:"action"` // pause, resume, delete or label
	Filter BulkFilter  `json:"filter"`
	Labels *BulkLabels `json:"labels,omitempty"` // with the action label
	DryRun bool        `json:"dry_run,omitempty"`
}

// BulkFilter says which jobs. Empty fields do not filter.
type BulkFilter struct {
	Namespace string      `json:"namespace,omitempty"`
	Selector  string      `json:"selector,omitempty"` // such as team=billing,env!=dev
	Text      string      `json:"text,omitempty"`
	Paused    *bool       `json:"paused,omitempty"`
	Set       string      `json:"set,omitempty"`
	IDs       []uuid.UUID `json:"ids,omitempty"`
	Except    []uuid.UUID `json:"except,omitempty"`
}

// BulkLabels is a change of labels.
type BulkLabels struct {
	Set    map[string]string `json:"set,omitempty"`
	Remove []string          `json:"remove,omitempty"`
}

// BulkAnswer says what came of it. With More, the same request goes on where this
// one ended.
type BulkAnswer struct {
	DryRun  bool      `json:"dry_run"`
	Matched int       `json:"matched,omitempty"` // in a dry run: how many fit the filter
	Changed int       `json:"changed"`
	More    bool      `json:"more"`
	Jobs    []BulkJob `json:"jobs,omitempty"` // in a dry run: the first thousand that would be changed
}

// BulkJob names a job.
type BulkJob struct {
	ID        uuid.UUID `json:"id"`
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
}

// Bulk changes the jobs that fit a filter, or some of them: see [BulkAnswer].
func (c *Client) Bulk(ctx context.Context, request BulkRequest) (answer BulkAnswer, err error) {
	err = c.Do(ctx, http.MethodPost, "/jobs/bulk", request, &answer)
	return answer, err
}
