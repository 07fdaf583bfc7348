package api

import (
	"context"
	"net/http"

	"github.com/carillon-cron/carillon/services/gateway/internal/checkstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// CheckPath is the input of a route to one check.
type CheckPath struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"Id of the check."`
}

func (a *API) routeChecks() {
	list := operation(http.MethodGet, "/checks", "list-checks", checksTag, "List checks")
	list.Description = "Jobs that run elsewhere, by namespace and name, and what was heard of them."
	register(a, keyring.Viewer, list, a.listChecks)

	create := operation(http.MethodPost, "/checks", "create-check", checksTag, "Create a check", http.StatusConflict)
	create.Description = "The answer's token is the end of the address to ping."
	create.DefaultStatus = http.StatusCreated
	create.RequestBody = bodyOf(a, exampleCheck)
	register(a, keyring.Editor, create, a.createCheck)

	get := operation(http.MethodGet, "/checks/{id}", "get-check", checksTag, "Read a check", http.StatusNotFound)
	register(a, keyring.Viewer, get, func(ctx context.Context, in *CheckPath) (*answer[checkstore.State], error) {
		check, err := a.Checks.Get(ctx, in.ID)
		return answerWith(veiled(ctx, check), err)
	})
	put := operation(http.MethodPut, "/checks/{id}", "put-check", checksTag, "Replace the document of a check", http.StatusNotFound, http.StatusConflict)
	put.Description = "A check that was paused begins anew: it expects nothing until its first ping."
	put.RequestBody = bodyOf(a, exampleCheck)
	register(a, keyring.Editor, put, a.putCheck)

	remove := operation(http.MethodDelete, "/checks/{id}", "delete-check", checksTag, "Delete a check", http.StatusNotFound)
	register(a, keyring.Editor, remove, func(ctx context.Context, in *CheckPath) (*struct{}, error) {
		return nil, a.Checks.Delete(ctx, actor(ctx), in.ID)
	})
}

var exampleCheck = carillon.CheckDocument{Name: "nightly-backup", Period: carillon.Duration(24 * 3600e9), Grace: carillon.Duration(3600e9)}

type checkFilter struct {
	Namespace string `query:"namespace" doc:"Only checks of this namespace."`
	Paging
}

func (a *API) listChecks(ctx context.Context, in *checkFilter) (*answer[page[checkstore.State]], error) {
	after, err := decodeCursor[checkstore.Position](in.Cursor)
	if err != nil {
		return nil, err
	}
	checks, err := a.Checks.List(ctx, in.Namespace, after, in.Limit+1)
	for i := range checks {
		checks[i] = veiled(ctx, checks[i])
	}
	return answerWith(newPage(checks, in.Limit, checkstore.PositionOf), err)
}

// veiled is a check as the caller may see it: with its token anybody can ping, so
// only those see it who may change the check.
func veiled(ctx context.Context, check checkstore.State) checkstore.State {
	if !callerOf(ctx).Role.Allows(keyring.Editor) {
		check.Token = uuid.Nil
	}
	return check
}

func (a *API) createCheck(ctx context.Context, in *payload) (*answer[checkstore.State], error) {
	given, err := document(a, in, completeCheck)
	if err != nil {
		return nil, err
	}
	return answerWith(a.Checks.Create(ctx, actor(ctx), given))
}

type checkBody struct {
	CheckPath
	payload
}

func (a *API) putCheck(ctx context.Context, in *checkBody) (*answer[checkstore.State], error) {
	given, err := document(a, &in.payload, completeCheck)
	if err != nil {
		return nil, err
	}
	return answerWith(a.Checks.Change(ctx, actor(ctx), in.ID, given))
}

// completeCheck fills in a document, and says what is wrong with it.
func completeCheck(d *carillon.CheckDocument) error {
	*d = d.WithDefaults()
	return d.Validate()
}
