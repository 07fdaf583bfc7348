package api

import (
	"context"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/shared/carillon"
)

type jobFilter struct {
	Namespace string `query:"namespace" doc:"Only jobs of this namespace."`
	Label     string `query:"label" doc:"Only jobs with all these labels." example:"team=billing,env=prod"`
	Paused    string `query:"paused" enum:"true,false" doc:"Only paused jobs, or only those that are not."`
	Text      string `query:"q" maxLength:"100" doc:"Only jobs with this in their name, in any case."`
	Paging
}

func (a *API) listJobs(ctx context.Context, in *jobFilter) (*answer[page[carillon.Job]], error) {
	filter := jobstore.Filter{Namespace: in.Namespace, Text: in.Text, Limit: in.Limit + 1}
	if in.Paused != "" {
		paused := in.Paused == "true"
		filter.Paused = &paused
	}
	var err error
	if filter.Labels, err = parseLabels(in.Label); err != nil {
		return nil, err
	}
	if filter.After, err = decodeCursor[jobstore.Position](in.Cursor); err != nil {
		return nil, err
	}
	jobs, err := a.Jobs.List(ctx, filter)
	return answerWith(newPage(jobs, in.Limit, jobstore.PositionOf), err)
}

const badLabels = "must look like team=billing,env=prod"

func parseLabels(selector string) (map[string]string, error) {
	labels := map[string]string{}
	if selector == "" {
		return labels, nil
	}
	for pair := range strings.SplitSeq(selector, ",") {
		key, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok || key == "" {
			return nil, invalidQuery("label", badLabels)
		}
		labels[key] = value
	}
	return labels, nil
}

// revision is a state that a job's document was in.
type revision struct {
	Revision      int64             `json:"revision"`
	Action        jobstore.Action   `json:"action" enum:"created,updated,paused,resumed,deleted" doc:"What made this revision."`
	Actor         string            `json:"actor" doc:"Name of the key that made it."`
	CreatedAt     time.Time         `json:"created_at"`
	EffectiveFrom time.Time         `json:"effective_from" doc:"It holds for fire times from here on."`
	Document      carillon.Document `json:"document"`
}

func viewOfRevision(r jobstore.Revision) revision {
	return revision{r.Job.Revision, r.Action, r.Actor, r.CreatedAt, r.Job.EffectiveFrom, r.Job.Document}
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
