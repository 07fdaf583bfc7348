package api

import (
	"context"
	"net/http"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/retentionstore"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/danielgtaylor/huma/v2"
)

func (a *API) routeRetention() {
	list := operation(http.MethodGet, "/retention", "list-retention", runsTag, "List for how long runs are kept")
	list.Description = "The default comes first, then the namespaces that have a retention of their own."
	register(a, keyring.Viewer, list, a.listRetention)

	put := operation(http.MethodPut, "/retention", "put-default-retention", runsTag, "Say for how long runs are kept")
	put.Description = "For all namespaces that have no retention of their own." + removal
	put.RequestBody = a.retentionBody()
	register(a, keyring.Admin, put, func(ctx context.Context, in *struct{ payload }) (*answer[retentionstore.Retention], error) {
		return a.putRetention(ctx, &in.payload, "")
	})

	own := operation(http.MethodPut, "/retention/{namespace}", "put-retention", runsTag, "Say for how long a namespace's runs are kept")
	own.Description = "In the place of the default, as a whole. The namespace need not have jobs yet." + removal
	own.RequestBody = a.retentionBody()
	register(a, keyring.Admin, own, func(ctx context.Context, in *retentionOfNamespace) (*answer[retentionstore.Retention], error) {
		return a.putRetention(ctx, &in.payload, in.Namespace)
	})

	remove := operation(http.MethodDelete, "/retention/{namespace}", "delete-retention", runsTag, "Keep a namespace's runs as the default says", http.StatusNotFound)
	remove.Description = removal
	register(a, keyring.Admin, remove, func(ctx context.Context, in *RetentionPath) (*struct{}, error) {
		return nil, a.Retention.Delete(ctx, actor(ctx), in.Namespace)
	})
}

const removal = " Within an hour, runs that are too old then are gone for good, and an audit no longer reaches back to them."

// RetentionPath is the input of a route to one namespace's retention.
type RetentionPath struct {
	Namespace string `path:"namespace" pattern:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" patternDescription:"1 to 63 lower-case letters, digits or '-'" doc:"Name of the namespace."`
}

type retentionOfNamespace struct {
	RetentionPath
	payload
}

func (a *API) retentionBody() *huma.RequestBody {
	day := carillon.Duration(24 * 3600e9)
	return bodyOf(a, retentionstore.Retention{Keep: 90 * day, States: map[carillon.State]carillon.Duration{carillon.StateSucceeded: 30 * day}})
}

func (a *API) putRetention(ctx context.Context, p *payload, namespace string) (*answer[retentionstore.Retention], error) {
	wanted, err := document(a, p, func(r *retentionstore.Retention) error {
		if r.Namespace != "" && r.Namespace != namespace {
			return fault.Faults{{Field: "namespace", Message: "differs from the namespace in the path"}}
		}
		return r.Validate()
	})
	if err != nil {
		return nil, err
	}
	wanted.Namespace = namespace
	return answerWith(wanted, a.Retention.Put(ctx, actor(ctx), wanted))
}

func (a *API) listRetention(ctx context.Context, _ *struct{}) (*answer[page[retentionstore.Retention]], error) {
	all, err := a.Retention.List(ctx)
	return answerWith(page[retentionstore.Retention]{Items: all}, err)
}
