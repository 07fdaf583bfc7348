package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"sync"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/jobfile"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/google/uuid"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/sync/errgroup"
)

// inFlight is how many batches are under way at once: one is read by the server
// while the other is written by its database.
const inFlight = 2

// applyAct is one job that is created, updated or deleted.
type applyAct struct {
	Action    string    `json:"action"`
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	ID        uuid.UUID `json:"id,omitzero"`
	Revision  int64     `json:"revision,omitempty"`
	Changed   []string  `json:"changed,omitempty"` // JSON pointers into the document
	Place     string    `json:"place,omitempty"`   // file:line of the document
	document  *jobfile.Document
}

// applyResult is what an apply does, or has done.
type applyResult struct {
	DryRun    bool       `json:"dry_run"`
	Created   int        `json:"created"`
	Updated   int        `json:"updated"`
	Unchanged int        `json:"unchanged"`
	Deleted   int        `json:"deleted"`
	Jobs      []applyAct `json:"jobs"` // what is not unchanged
	ids       []uuid.UUID
}

// empty reports whether nothing changes.
func (r *applyResult) empty() bool { return r.Created+r.Updated+r.Deleted == 0 }

// application applies documents.
type application struct {
	server    *client.Client
	documents []*jobfile.Document
	set       string
	prune     bool
	bar       func(count int, what string) *progressbar.ProgressBar
}

// send sends all documents, in batches, and collects what the server says.
func (a *application) send(ctx context.Context, dryRun bool, what string) (*applyResult, error) {
	bar := a.bar(len(a.documents), what)
	batches := batchesOf(a.documents)
	answers := make([]client.ApplyAnswer, len(batches))
	var faults []jobfile.Fault
	var mutex sync.Mutex // of faults
	group, batchCtx := errgroup.WithContext(ctx)
	group.SetLimit(inFlight)
	for i, batch := range batches {
		group.Go(func() (err error) {
			answers[i], err = a.batch(batchCtx, batch, dryRun)
			if named := faultsOf(err, batch); len(named) > 0 {
				mutex.Lock()
				faults = append(faults, named...)
				mutex.Unlock()
				return nil
			}
			_ = bar.Add(len(batch)) // a screen that cannot be written to must not end the work
			return err
		})
	}
	err := group.Wait()
	_ = bar.Finish()
	if len(faults) > 0 {
		return nil, faulty(faults)
	}
	return collect(batches, answers, dryRun), err
}

// largestBody is a little less than what the server takes.
const largestBody = 7 << 20

// batchesOf parts documents so that each part is one that the server takes.
func batchesOf(documents []*jobfile.Document) (batches [][]*jobfile.Document) {
	from, size := 0, 0
	for i, d := range documents {
		if i > from && (i-from == client.LargestApply || size+len(d.Raw) > largestBody) {
			batches = append(batches, documents[from:i])
			from, size = i, 0
		}
		size += len(d.Raw) + len(",")
	}
	return append(batches, documents[from:])
}

// batch sends some documents until the server answers: it is no matter if it does
// so twice.
func (a *application) batch(ctx context.Context, batch []*jobfile.Document, dryRun bool) (answer client.ApplyAnswer, err error) {
	request := client.ApplyRequest{Set: a.set, DryRun: dryRun}
	for _, d := range batch {
		request.Jobs = append(request.Jobs, d.Raw)
	}
	err = persist(ctx, func() (err error) {
		answer, err = a.server.Apply(ctx, request)
		return err
	})
	if err == nil && len(answer.Jobs) != len(batch) {
		err = fmt.Errorf("the server answered for %d of %d documents", len(answer.Jobs), len(batch))
	}
	return answer, err
}

// persist does something until it is done, or has failed for good.
func persist(ctx context.Context, do func() error) error {
	return await(ctx, func() (bool, error) {
		err := do()
		var problem *client.Problem
		if errors.As(err, &problem) && problem.Status == http.StatusTooManyRequests {
			return false, nil
		}
		return err == nil, err
	})
}

// collect makes one result of the answers.
func collect(batches [][]*jobfile.Document, answers []client.ApplyAnswer, dryRun bool) *applyResult {
	result := &applyResult{DryRun: dryRun, Jobs: []applyAct{}}
	for i, answer := range answers {
		result.Created, result.Updated, result.Unchanged = result.Created+answer.Created, result.Updated+answer.Updated, result.Unchanged+answer.Unchanged
		for j, job := range answer.Jobs {
			if job.ID != uuid.Nil {
				result.ids = append(result.ids, job.ID)
			}
			if job.Action == "unchanged" {
				continue
			}
			d := batches[i][j]
			result.Jobs = append(result.Jobs, applyAct{job.Action, job.Namespace, job.Name, job.ID, job.Revision, job.Changed, d.Place(""), d})
		}
	}
	return result
}

// inBody finds the document that a fault is of, and the field.
var inBody = regexp.MustCompile(`^body\.jobs\[(\d+)\]\.?(.*)$`)

// faultsOf takes the faults that the server found for those of documents.
func faultsOf(err error, batch []*jobfile.Document) (faults []jobfile.Fault) {
	var problem *client.Problem
	if !errors.As(err, &problem) {
		return nil
	}
	for _, e := range problem.Errors {
		found := inBody.FindStringSubmatch(e.Location)
		if found == nil {
			return nil
		}
		if i, err := strconv.Atoi(found[1]); err == nil && i < len(batch) {
			faults = append(faults, batch[i].Fault(found[2], e.Message))
		}
	}
	return faults
}

// plan says what an apply would do.
func (a *application) plan(ctx context.Context) (*applyResult, error) {
	result, err := a.send(ctx, true, "comparing")
	if err != nil || !a.prune {
		return result, err
	}
	return result, a.doom(ctx, result)
}

// doom adds to a plan all jobs of the set that have no document.
func (a *application) doom(ctx context.Context, plan *applyResult) error {
	filter := client.BulkFilter{Set: a.set, Except: slices.Clone(plan.ids)}
	for {
		doomed, err := a.server.Bulk(ctx, client.BulkRequest{Action: "delete", Filter: filter, DryRun: true})
		if err != nil {
			return err
		}
		for _, job := range doomed.Jobs {
			plan.Jobs = append(plan.Jobs, applyAct{Action: "deleted", Namespace: job.Namespace, Name: job.Name, ID: job.ID})
			filter.Except = append(filter.Except, job.ID)
		}
		plan.Deleted += len(doomed.Jobs)
		if len(doomed.Jobs) == doomed.Matched || len(doomed.Jobs) == 0 {
			return nil
		}
	}
}

// apply makes the jobs what the documents say, and deletes those that the plan does,
// as long as they are in the set. What came into it since nobody has agreed to.
func (a *application) apply(ctx context.Context, plan *applyResult) (*applyResult, error) {
	result, err := a.send(ctx, false, "applying")
	if err != nil {
		return result, err
	}
	for _, act := range plan.Jobs {
		if act.Action == "deleted" {
			result.Jobs = append(result.Jobs, act)
		}
	}
	for doomed := range slices.Chunk(result.Jobs[len(result.Jobs)-plan.Deleted:], client.LargestApply) {
		if err := a.remove(ctx, doomed, result); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// remove deletes some jobs of the set, and counts them.
func (a *application) remove(ctx context.Context, doomed []applyAct, result *applyResult) error {
	filter := client.BulkFilter{Set: a.set}
	for _, act := range doomed {
		filter.IDs = append(filter.IDs, act.ID)
	}
	for more := true; more; {
		var gone client.BulkAnswer
		err := persist(ctx, func() (err error) {
			gone, err = a.server.Bulk(ctx, client.BulkRequest{Action: "delete", Filter: filter})
			return err
		})
		if err != nil {
			return err
		}
		result.Deleted, more = result.Deleted+gone.Changed, gone.More
	}
	return nil
}

// value reads a document of the server as fields.
func value(document any) (fields map[string]any, err error) {
	text, err := json.Marshal(document)
	if err == nil {
		err = json.Unmarshal(text, &fields)
	}
	return fields, err
}
