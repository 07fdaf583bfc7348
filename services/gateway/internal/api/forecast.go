package api

import (
	"context"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/forecast"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
)

func (a *API) routeForecast() {
	op := operation(http.MethodGet, "/forecast", "forecast", schedulesTag, "Say how many fires are to come, and where they will wait")
	op.Description = "Fires per minute, in all, by queue and by endpoint, from the engine that the planner uses. " +
		"The waits are a prediction from the queues' concurrency and the mean duration of their latest runs. Jobs that are paused, or whose namespace is, have no fires."
	register(a, keyring.Viewer, op, a.forecast)
}

type forecastFilter struct {
	Namespace string `query:"namespace" doc:"Only jobs of this namespace; then the waits are those without all other jobs."`
	Hours     int    `query:"hours" minimum:"1" maximum:"24" default:"6" doc:"How far to look."`
}

func (a *API) forecast(ctx context.Context, in *forecastFilter) (*answer[forecast.Forecast], error) {
	found, err := a.Forecasts.Forecast(ctx, in.Namespace, time.Now(), 60*in.Hours)
	if err != nil {
		return nil, err
	}
	return &answer[forecast.Forecast]{*found}, nil
}
