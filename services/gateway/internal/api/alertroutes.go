package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/channel"
	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/notify"
	"github.com/carillon-cron/carillon/services/gateway/internal/routestore"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/danielgtaylor/huma/v2"
)

// AlertRoutePath is the input of a route to one alert route.
type AlertRoutePath struct {
	Namespace string `path:"namespace" pattern:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" patternDescription:"1 to 63 lower-case letters, digits or '-'" doc:"Namespace of the alert route."`
	Name      string `path:"name" pattern:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" patternDescription:"1 to 63 lower-case letters, digits or '-'" doc:"Name of the alert route."`
}

func (in *AlertRoutePath) key() routestore.Name {
	return routestore.Name{Namespace: in.Namespace, Name: in.Name}
}

// alertRoute is the body of a PUT.
type alertRoute struct {
	notify.Document
	URL string `json:"url,omitempty" maxLength:"2048" doc:"Where messages go, with its secrets: slack://hook:token@webhook, smtp://user:password@host:587/?from=…&to=…, pagerduty:///key or ntfy://host/topic. It is kept encrypted and never shown; left out, that of the route stays. Either this or job." example:"slack://hook:T0000-B0000-XXXX@webhook"`
}

func (a *API) routeAlertRoutes() {
	list := operation(http.MethodGet, "/alert-routes", "list-alert-routes", alertsTag, "List alert routes")
	list.Description = "By namespace and name; never the addresses of their channels."
	register(a, keyring.Viewer, list, a.listAlertRoutes)

	put := operation(http.MethodPut, "/alert-routes/{namespace}/{name}", "put-alert-route", alertsTag, "Create or change an alert route", http.StatusConflict)
	put.Description = "Says who is told of which alerts, and when: see group_wait, group_interval and repeat_interval, which mean what they mean in " +
		"Prometheus's Alertmanager. Try it with test."
	put.RequestBody = bodyOf(a, alertRoute{URL: "ntfy://ntfy.sh/our-alerts", Document: notify.Document{Labels: map[string]string{"team": "billing"}}})
	register(a, keyring.Editor, put, a.putAlertRoute)

	get := operation(http.MethodGet, "/alert-routes/{namespace}/{name}", "get-alert-route", alertsTag, "Read an alert route", http.StatusNotFound)
	register(a, keyring.Viewer, get, func(ctx context.Context, in *AlertRoutePath) (*answer[notify.Route], error) {
		return answerWith(a.AlertRoutes.Get(ctx, in.key()))
	})
	remove := operation(http.MethodDelete, "/alert-routes/{namespace}/{name}", "delete-alert-route", alertsTag, "Delete an alert route", http.StatusNotFound)
	register(a, keyring.Editor, remove, func(ctx context.Context, in *AlertRoutePath) (*struct{}, error) {
		return nil, a.AlertRoutes.Delete(ctx, routesBy(ctx), in.key())
	})

	test := operation(http.MethodPost, "/alert-routes/{namespace}/{name}/test", "test-alert-route", alertsTag, "Send a message to try an alert route out", http.StatusNotFound, http.StatusBadGateway)
	test.Description = "502 says why it did not get there."
	register(a, keyring.Editor, test, a.testAlertRoute)
}

type alertRouteFilter struct {
	Namespace string `query:"namespace" doc:"Only alert routes of this namespace."`
	Paging
}

func (a *API) listAlertRoutes(ctx context.Context, in *alertRouteFilter) (*answer[page[notify.Route]], error) {
	after, err := decodeCursor[routestore.Name](in.Cursor)
	if err != nil {
		return nil, err
	}
	routes, err := a.AlertRoutes.List(ctx, in.Namespace, after, in.Limit+1)
	position := func(r notify.Route) routestore.Name { return routestore.Name{Namespace: r.Namespace, Name: r.Name} }
	return answerWith(newPage(routes, in.Limit, position), err)
}

type alertRouteBody struct {
	AlertRoutePath
	payload
}

func (a *API) putAlertRoute(ctx context.Context, in *alertRouteBody) (*answer[notify.Route], error) {
	var to *routestore.Channel
	given, err := document(a, &in.payload, func(r *alertRoute) error {
		var faults fault.Faults
		if r.URL != "" {
			sort, err := channel.Check(r.URL)
			faults.Nest("url", err)
			to = &routestore.Channel{Sort: sort, Address: r.URL}
		}
		// Without either, the channel that is there stays; the store knows.
		faults.Nest("", r.Document.Validate(r.URL != "" || r.Job == ""))
		return faults.Err()
	})
	if err != nil {
		return nil, err
	}
	if err := a.carries(ctx, in.Namespace, given.Job); err != nil {
		return nil, err
	}
	return answerWith(a.AlertRoutes.Put(ctx, routesBy(ctx), in.key(), given.Document, to))
}

func routesBy(ctx context.Context) routestore.By {
	return routestore.By{Actor: actor(ctx), Admin: callerOf(ctx).Role.Allows(keyring.Admin)}
}

// carries fails if a route names a job that is not there.
func (a *API) carries(ctx context.Context, namespace, job string) error {
	if job == "" {
		return nil
	}
	_, err := a.Jobs.Find(ctx, namespace, job)
	if errors.Is(err, jobstore.ErrNotFound) {
		return fault.Faults{{Field: "job", Message: "there is no job " + job + " in the namespace " + namespace}}
	}
	return err
}

func (a *API) testAlertRoute(ctx context.Context, in *AlertRoutePath) (*struct{}, error) {
	route, err := a.AlertRoutes.Get(ctx, in.key())
	if err != nil {
		return nil, err
	}
	if err := a.Notify(ctx, route, notify.Test(route, time.Now().UTC())); err != nil {
		return nil, huma.Error502BadGateway(err.Error())
	}
	return nil, nil
}
