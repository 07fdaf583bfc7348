package api

import (
	"context"
	"net/http"

	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
)

func (a *API) routeNamespaces() {
	op := operation(http.MethodGet, "/namespaces", "list-namespaces", accessTag, "List namespaces")
	op.Description = "By name: those that the caller's key is for, whether they have jobs or not; for a key of all namespaces those with jobs."
	register(a, keyring.Viewer, op, a.listNamespaces)
}

func (a *API) listNamespaces(ctx context.Context, in *Paging) (*answer[page[jobstore.Namespace]], error) {
	after, err := decodeCursor[string](in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := a.Jobs.Namespaces(ctx, after, in.Limit+1)
	return answerWith(newPage(found, in.Limit, func(n jobstore.Namespace) string { return n.Name }), err)
}
