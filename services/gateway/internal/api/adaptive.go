package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

func (a *API) routeAdaptive() {
	rollback := operation(http.MethodPost, "/jobs/{id}/rollback", "rollback-job", jobsTag, "Give a job an earlier document again", http.StatusNotFound, http.StatusConflict)
	rollback.Description = "As a new revision, with all that the earlier one said; also whether the job is paused. Adaptive rescheduling then leaves the job alone for a day."
	rollback.RequestBody = bodyOf(a, rollbackRequest{Revision: 3})
	register(a, keyring.Editor, rollback, a.rollbackJob)

	list := operation(http.MethodGet, "/suggestions", "list-suggestions", jobsTag, "List what adaptive rescheduling suggests")
	list.Description = "For jobs whose `adaptive.mode` is `suggest`, by the job's id. A suggestion is gone once its job has another revision, or an hour after the last pass that wanted it."
	register(a, keyring.Viewer, list, a.listSuggestions)

	accept := operation(http.MethodPost, "/jobs/{id}/suggestion/accept", "accept-suggestion", jobsTag, "Do what is suggested for a job", http.StatusNotFound)
	accept.Description = "As a new revision, which a rollback undoes."
	register(a, keyring.Editor, accept, a.acceptSuggestion)

	dismiss := operation(http.MethodDelete, "/jobs/{id}/suggestion", "dismiss-suggestion", jobsTag, "Refuse what is suggested for a job", http.StatusNotFound)
	dismiss.Description = "For a day nothing is suggested for the job."
	register(a, keyring.Editor, dismiss, a.dismissSuggestion)

	pass := operation(http.MethodPost, "/adaptive/run", "run-adaptive", jobsTag, "Look now for jobs to be rescheduled")
	pass.Description = "What a recorder does every ten minutes by itself. It only begins; what it did is in the revisions and the suggestions. It is for all namespaces, and so must be the key."
	pass.DefaultStatus = http.StatusAccepted
	register(a, keyring.Operator, pass, a.runAdaptive)
}

type rollbackRequest struct {
	Revision int64 `json:"revision" minimum:"1" doc:"The revision whose document the job gets."`
}

func (a *API) rollbackJob(ctx context.Context, in *withBody) (*jobAnswer, error) {
	wanted, err := document(a, &in.payload, func(*rollbackRequest) error { return nil })
	if err != nil {
		return nil, err
	}
	return answerWithJob(a.Jobs.Rollback(ctx, actor(ctx), in.ID, wanted.Revision))
}

type suggestionFilter struct {
	Namespace string `query:"namespace" doc:"Only those for jobs of this namespace."`
	Paging
}

func (a *API) listSuggestions(ctx context.Context, in *suggestionFilter) (*answer[page[jobstore.Suggestion]], error) {
	after, err := decodeCursor[uuid.UUID](in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := a.Jobs.Suggestions(ctx, in.Namespace, after, in.Limit+1)
	return answerWith(newPage(found, in.Limit, func(s jobstore.Suggestion) uuid.UUID { return s.JobID }), err)
}

func (a *API) acceptSuggestion(ctx context.Context, in *JobPath) (*jobAnswer, error) {
	return answerWithJob(a.Jobs.Accept(ctx, actor(ctx), in.ID))
}

func (a *API) dismissSuggestion(ctx context.Context, in *JobPath) (*struct{}, error) {
	return nil, a.Jobs.Dismiss(ctx, actor(ctx), in.ID)
}

// errNoRecorder says that no recorder answered.
var errNoRecorder = errors.New("no recorder is there to do it")

// runAdaptive leaves it to any recorder.
func (a *API) runAdaptive(ctx context.Context, _ *struct{}) (*answer[wire.PassAnswer], error) {
	if err := scope.From(ctx).CheckAll(); err != nil {
		return nil, err
	}
	begun, err := a.RunAdaptive(ctx)
	if err != nil {
		return nil, errors.Join(errNoRecorder, err)
	}
	return &answer[wire.PassAnswer]{begun}, nil
}
