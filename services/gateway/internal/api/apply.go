package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/google/uuid"
)

func (a *API) routeApply() {
	op := operation(http.MethodPost, "/jobs/apply", "apply-jobs", jobsTag, "Make jobs what documents say")
	op.Description = "Creates the jobs that are not there, by namespace and name, changes those that are otherwise, and leaves the others alone: all, or with any fault none. " +
		"A document is that of `POST /jobs`; but a job whose document does not say whether it is paused stays as it is.\n\n" +
		"With a `set`, all the jobs are in it from then on, and in no other, so that what is no longer in the files can be told: " +
		"`POST /jobs/bulk` deletes the jobs of a set `except` some.\n\n" +
		"A document that is, to the byte, what was applied last, to a job that nobody changed since, costs next to nothing. A body may have 8 MiB."
	op.RequestBody = bodyOf(a, applyOrder{Jobs: []carillon.Document{exampleDocument()}, Set: "billing", DryRun: true})
	op.MaxBodyBytes = maxManyBody
	a.documents = digestOf(a.schemas().Map())
	register(a, keyring.Editor, op, a.applyJobs)
}

type applyOrder struct {
	Jobs   []carillon.Document `json:"jobs" minItems:"1" maxItems:"1000" doc:"What the jobs should be; no two of one name."`
	Set    string              `json:"set,omitempty" maxLength:"63" pattern:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" patternDescription:"lower-case letters, digits or '-', and start and end with a letter or digit" doc:"Whose files the jobs are in." example:"billing"`
	DryRun bool                `json:"dry_run,omitempty" doc:"Only say what would happen."`
}

// complete completes the documents, but for those that the store knows.
func (o *applyOrder) complete(a *API, known []jobstore.Applied) error {
	var faults fault.Faults
	first := map[jobstore.Position]int{}
	for i := range o.Jobs {
		document, place := &o.Jobs[i], placeOf(i)
		if i < len(known) && known[i].ID != uuid.Nil {
			*document = document.WithDefaults()
		} else {
			faults.Nest(place, a.complete(document))
		}
		name := jobstore.Position{Namespace: document.Namespace, Name: document.Name}
		if other, taken := first[name]; taken {
			faults.Add(place+".name", "is that of %s as well", placeOf(other))
			continue
		}
		first[name] = i
	}
	return faults.Err()
}

func placeOf(job int) string { return fmt.Sprintf("jobs[%d]", job) }

type applyAnswer struct {
	DryRun    bool         `json:"dry_run" doc:"Whether it only says what would happen."`
	Created   int          `json:"created"`
	Updated   int          `json:"updated"`
	Unchanged int          `json:"unchanged"`
	Jobs      []appliedJob `json:"jobs" doc:"In the order of the request."`
}

type appliedJob struct {
	Namespace string          `json:"namespace"`
	Name      string          `json:"name"`
	ID        *uuid.UUID      `json:"id,omitempty" format:"uuid" doc:"Missing for what a dry run would create."`
	Revision  int64           `json:"revision"`
	Action    jobstore.Action `json:"action" enum:"created,updated,unchanged"`
	Changed   []string        `json:"changed,omitempty" doc:"Of an updated job: JSON pointers to what changes in its document; /set for its set." example:"[\"/schedule/cron\"]"`
}

func (r *applyAnswer) add(namespace, name string, applied jobstore.Applied) {
	job := appliedJob{Namespace: namespace, Name: name, Revision: applied.Revision, Action: applied.Action, Changed: applied.Changed}
	if applied.ID != uuid.Nil {
		job.ID = &applied.ID
	}
	r.Jobs = append(r.Jobs, job)
	switch applied.Action {
	case jobstore.Created:
		r.Created++
	case jobstore.Updated:
		r.Updated++
	default:
		r.Unchanged++
	}
}

// applyJobs first looks at the texts alone: where all are known, there is nothing to
// read.
func (a *API) applyJobs(ctx context.Context, in *struct{ payload }) (*answer[applyAnswer], error) {
	if err := in.checkMedia(); err != nil {
		return nil, err
	}
	seen := a.glance(in.bytes)
	known, err := a.Jobs.Known(ctx, seen.set, seen.texts)
	if err != nil {
		return nil, err
	}
	out := applyAnswer{DryRun: seen.dry}
	if len(known) > 0 && allKnown(known) {
		for i, job := range known {
			out.add(seen.texts[i].Namespace, seen.texts[i].Name, job)
		}
		return &answer[applyAnswer]{out}, nil
	}
	order, wanted, err := a.readApply(&in.payload, seen, known)
	if err != nil {
		return nil, err
	}
	applied, err := a.Jobs.Apply(ctx, actor(ctx), order.Set, order.DryRun, wanted)
	if err != nil {
		return nil, err
	}
	out.DryRun = order.DryRun
	for i, job := range applied {
		out.add(wanted[i].Document.Namespace, wanted[i].Document.Name, job)
	}
	return &answer[applyAnswer]{out}, nil
}

func allKnown(known []jobstore.Applied) bool {
	for _, k := range known {
		if k.ID == uuid.Nil {
			return false
		}
	}
	return true
}

func (a *API) readApply(p *payload, seen glance, known []jobstore.Applied) (applyOrder, []jobstore.Wanted, error) {
	tree, err := p.parse()
	if err != nil {
		return applyOrder{}, nil, err
	}
	wanted := []jobstore.Wanted{}
	root, _ := tree.(map[string]any)
	jobs, _ := root["jobs"].([]any)
	for i, job := range jobs {
		said, _ := job.(map[string]any)
		_, saysPaused := said["paused"]
		w := jobstore.Wanted{Place: placeOf(i), KeepPaused: !saysPaused}
		if i < len(seen.texts) {
			w.Digest = seen.texts[i].Digest
		}
		wanted = append(wanted, w)
	}
	order, err := read(a, tree, func(o *applyOrder) error { return o.complete(a, known) })
	for i := range order.Jobs {
		if err == nil {
			wanted[i].Document = order.Jobs[i]
		}
	}
	return order, wanted, err
}
