package api

import (
	"context"
	"encoding/json"

	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/danielgtaylor/huma/v2"
)

// patchJob merges under the lock of the change, so that of two patches at once
// none undoes the other.
func (a *API) patchJob(ctx context.Context, in *changeOfJob) (*jobAnswer, error) {
	patch, err := in.parse()
	if err != nil {
		return nil, err
	}
	if _, ok := patch.(map[string]any); !ok {
		return nil, invalid([]*huma.ErrorDetail{{Location: "body", Message: "expected object"}})
	}
	return answerWithJob(a.Jobs.Change(ctx, actor(ctx), in.ID, in.match, jobstore.Updated,
		func(present carillon.Document) (carillon.Document, error) { return a.patched(present, patch) }))
}

func (a *API) patched(present carillon.Document, patch any) (carillon.Document, error) {
	data, err := json.Marshal(present)
	if err != nil {
		return present, err
	}
	tree, err := parseJSON(data)
	if err != nil {
		return present, err
	}
	return read(a, mergePatch(tree, patch), a.complete)
}
