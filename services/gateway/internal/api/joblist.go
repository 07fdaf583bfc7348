package api

import (
	"context"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/selector"
	"github.com/carillon-cron/carillon/shared/carillon"
)

type jobFilter struct {
	Namespace string `query:"namespace" doc:"Only jobs of this namespace."`
	Label     string `query:"label" maxLength:"2000" doc:"Only jobs whose labels are so, in the words of Kubernetes: also tier in (a,b), tier notin (a), critical, !legacy." example:"team=billing,env!=dev"`
	Set       string `query:"set" maxLength:"63" doc:"Only jobs of this set: see POST /jobs/apply."`
	Paused    string `query:"paused" enum:"true,false" doc:"Only paused jobs, or only those that are not."`
	Text      string `query:"q" maxLength:"100" doc:"Only jobs with this in their name, in any case; from three characters on, or in the address of their target."`
	Paging
}

func (a *API) listJobs(ctx context.Context, in *jobFilter) (*answer[page[carillon.Job]], error) {
	filter := jobstore.Filter{Namespace: in.Namespace, Text: in.Text, Set: in.Set}
	if in.Paused != "" {
		paused := in.Paused == "true"
		filter.Paused = &paused
	}
	var err error
	if filter.Labels, err = selector.Parse(in.Label); err != nil {
		return nil, invalidQuery("label", err.Error())
	}
	after, err := decodeCursor[jobstore.Position](in.Cursor)
	if err != nil {
		return nil, err
	}
	jobs, err := a.Jobs.List(ctx, filter, after, in.Limit+1)
	return answerWith(newPage(jobs, in.Limit, jobstore.PositionOf), err)
}

// revision is a state that a job's document was in.
type revision struct {
	Revision      int64             `json:"revision"`
	Action        jobstore.Action   `json:"action" enum:"created,updated,paused,resumed,deleted,rolled_back,stretched,relaxed,moved" doc:"What made this revision; the last three are adaptive rescheduling's."`
	Actor         string            `json:"actor" doc:"Name of the key that made it; adaptive for what adaptive rescheduling did by itself."`
	Reason        string            `json:"reason,omitempty" doc:"Why, in one sentence, where Carillon knows it."`
	CreatedAt     time.Time         `json:"created_at"`
	EffectiveFrom time.Time         `json:"effective_from" doc:"It holds for fire times from here on."`
	Document      carillon.Document `json:"document"`
}

func viewOfRevision(r jobstore.Revision) revision {
	return revision{r.Job.Revision, r.Action, r.Actor, r.Reason, r.CreatedAt, r.Job.EffectiveFrom, r.Job.Document}
}

type revisionFilter struct {
	JobPath
	Paging
}

// listRevisions also answers for deleted jobs.
func (a *API) listRevisions(ctx context.Context, in *revisionFilter) (*answer[page[revision]], error) {
	before, err := decodeCursor[int64](in.Cursor)
	if err != nil {
		return nil, err
	}
	stored, err := a.Jobs.Revisions(ctx, in.ID, before, in.Limit+1)
	revisions := make([]revision, len(stored))
	for i, r := range stored {
		revisions[i] = viewOfRevision(r)
	}
	return answerWith(newPage(revisions, in.Limit, func(r revision) int64 { return r.Revision }), err)
}
