package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/selector"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
)

const (
	// mostForeseen is how many jobs a dry run names.
	mostForeseen = 1000
	// bulkFor is how long a bulk begins further transactions. One of them fits into
	// what is left of the time of a request.
	bulkFor = 7 * time.Second
)

func (a *API) routeBulk() {
	op := operation(http.MethodPost, "/jobs/bulk", "bulk-jobs", jobsTag, "Change all jobs that fit a filter")
	op.Description = "Pauses, resumes, deletes or labels them, a thousand in each transaction; each change is as if it were made alone. " +
		"With `more` in the answer there was no time for all: the same request goes on. What was done before a fault stays. " +
		"With `dry_run` it only says how many it would change, and which.\n\n" +
		"A filter has at least one condition beside `except`. An empty list of `ids` fits no job. To delete or label needs the role editor."
	op.RequestBody = bodyOf(a, bulkOrder{Action: "pause", Filter: bulkFilter{Namespace: "billing", Selector: "team=billing,env!=dev"}, DryRun: true})
	op.MaxBodyBytes = maxManyBody
	register(a, keyring.Operator, op, a.bulkJobs)
}

type bulkOrder struct {
	Action string      `json:"action" enum:"pause,resume,delete,label"`
	Filter bulkFilter  `json:"filter" doc:"Which jobs: those for which all of it holds."`
	Labels *bulkLabels `json:"labels,omitempty" doc:"With the action label: what changes."`
	DryRun bool        `json:"dry_run,omitempty" doc:"Only say what would happen."`
}

type bulkFilter struct {
	Namespace string      `json:"namespace,omitempty" minLength:"1" maxLength:"63" doc:"Of this namespace."`
	Selector  string      `json:"selector,omitempty" minLength:"1" maxLength:"2000" doc:"Whose labels are so, as in the list of jobs." example:"team=billing,env!=dev"`
	Text      string      `json:"text,omitempty" minLength:"1" maxLength:"100" doc:"With this in their name, in any case; from three characters on, or in the address of their target."`
	Paused    *bool       `json:"paused,omitempty" doc:"Paused, or not."`
	Set       string      `json:"set,omitempty" minLength:"1" maxLength:"63" doc:"Of this set: see POST /jobs/apply."`
	IDs       []uuid.UUID `json:"ids,omitempty" maxItems:"200000" doc:"One of these."`
	Except    []uuid.UUID `json:"except,omitempty" maxItems:"200000" doc:"None of these."`
}

type bulkLabels struct {
	Set    map[string]string `json:"set,omitempty" doc:"Labels that the jobs get." example:"{\"team\":\"billing\"}"`
	Remove []string          `json:"remove,omitempty" maxItems:"32" doc:"Keys of labels that they lose."`
}

func (f *bulkFilter) read(faults *fault.Faults) (filter jobstore.Filter) {
	labels, err := selector.Parse(f.Selector)
	faults.Nest("filter.selector", err)
	if f.Namespace == "" && f.Selector == "" && f.Text == "" && f.Paused == nil && f.Set == "" && f.IDs == nil {
		faults.Add("filter", "must say which jobs, with at least one of namespace, selector, text, paused, set and ids")
	}
	return jobstore.Filter{
		Namespace: f.Namespace, Labels: labels, Paused: f.Paused, Text: f.Text, Set: f.Set, IDs: f.IDs, Except: f.Except,
	}
}

var bulkActions = map[string]jobstore.Action{
	"pause": jobstore.Paused, "resume": jobstore.Resumed, "delete": jobstore.Deleted, "label": jobstore.Updated,
}

func (o *bulkOrder) read(faults *fault.Faults) jobstore.Bulk {
	bulk := jobstore.Bulk{Action: bulkActions[o.Action]}
	switch labels := o.Labels; {
	case o.Action == "label" && (labels == nil || len(labels.Set)+len(labels.Remove) == 0):
		faults.Add("labels", "must say which labels to set or to remove")
	case o.Action != "label" && labels != nil:
		faults.Add("labels", "is only for the action label")
	case labels != nil:
		faults.Nest("labels.set", carillon.CheckLabels(labels.Set))
		for key := range labels.Set {
			if slices.Contains(labels.Remove, key) {
				faults.Add("labels.remove", "has %.70q, which is to be set", key)
			}
		}
		bulk.Set, bulk.Remove = labels.Set, labels.Remove
	}
	return bulk
}

type bulkAnswer struct {
	DryRun  bool             `json:"dry_run" doc:"Whether it only says what would happen."`
	Matched int              `json:"matched,omitempty" doc:"In a dry run: how many jobs fit the filter."`
	Changed int              `json:"changed" doc:"How many were changed; in a dry run, how many would be. Those that are so already are not."`
	More    bool             `json:"more" doc:"There was no time for all: the same request goes on."`
	Jobs    []jobstore.Named `json:"jobs,omitempty" doc:"In a dry run: the first thousand that would be changed."`
}

func (a *API) bulkJobs(ctx context.Context, in *struct{ payload }) (*answer[bulkAnswer], error) {
	var filter jobstore.Filter
	var bulk jobstore.Bulk
	order, err := document(a, &in.payload, func(o *bulkOrder) error {
		var faults fault.Faults
		filter, bulk = o.Filter.read(&faults), o.read(&faults)
		return faults.Err()
	})
	if err != nil {
		return nil, err
	}
	edits := bulk.Action == jobstore.Deleted || bulk.Action == jobstore.Updated
	if role := callerOf(ctx).Role; edits && !role.Allows(keyring.Editor) {
		return nil, huma.Error403Forbidden("to " + order.Action + " needs the role editor; the key has " + string(role))
	}
	out := bulkAnswer{DryRun: order.DryRun}
	if order.DryRun {
		out.Matched, out.Changed, out.Jobs, err = a.Jobs.Foresee(ctx, filter, bulk, mostForeseen)
	} else {
		out.Changed, out.More, err = a.Jobs.ChangeMany(ctx, actor(ctx), filter, bulk, time.Now().Add(bulkFor))
	}
	return answerWith(out, err)
}
