package api

import (
	"context"
	"net/http"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/noticestore"
	"github.com/carillon-cron/carillon/services/gateway/internal/notify"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

func (a *API) routeAlerts() {
	list := operation(http.MethodGet, "/alerts", "list-alerts", alertsTag, "List alerts")
	list.Description = "The newest first: those that are firing, and for 90 days those that were."
	register(a, keyring.Viewer, list, a.listAlerts)
	a.routeAlertRoutes()
}

type alertFilter struct {
	Namespace string             `query:"namespace" doc:"Only alerts of this namespace."`
	ObjectID  uuid.UUID          `query:"object_id" format:"uuid" doc:"Only alerts of this job or check."`
	Kind      carillon.AlertKind `query:"kind" enum:"failing,missed,late,slow,silent,unexplained,overdue" doc:"Only alerts of this kind."`
	State     string             `query:"state" enum:"firing,resolved" doc:"Only alerts in this state."`
	Paging
}

// alertPosition is a place in the list of alerts.
type alertPosition struct {
	ID int64 `json:"i"`
}

func (a *API) listAlerts(ctx context.Context, in *alertFilter) (*answer[page[notify.Alert]], error) {
	after, err := decodeCursor[alertPosition](in.Cursor)
	if err != nil {
		return nil, err
	}
	alerts, err := a.Alerts.List(ctx, noticestore.Filter{
		Namespace: in.Namespace, ObjectID: in.ObjectID, Kind: in.Kind, State: in.State, Before: after.ID, Limit: in.Limit + 1,
	})
	return answerWith(newPage(alerts, in.Limit, func(a notify.Alert) alertPosition { return alertPosition{a.ID} }), err)
}
