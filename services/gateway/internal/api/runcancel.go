package api

import (
	"context"
	"net/http"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/ledger"
)

func (a *API) routeRunControls() {
	cancel := operation(http.MethodPost, "/runs/{id}/cancel", "cancel-run", runsTag, "Cancel a run", http.StatusNotFound, http.StatusConflict)
	cancel.Description = "Stops a run wherever it is: a call is cut off, a run in its queue or waiting for a retry ends without another call. " +
		"The answer is the run as it was; it becomes `cancelled` a moment later, unless it ends by itself before. " +
		"Refused with 409 once it has ended. A run is known, else 404, as soon as it is in the ledger: one of a schedule from the start of its " +
		"first call, one that was asked for from the beginning."
	cancel.DefaultStatus = http.StatusAccepted
	register(a, keyring.Operator, cancel, a.cancelRun)
}

func (a *API) cancelRun(ctx context.Context, in *RunPath) (*answer[ledger.Run], error) {
	run, _, err := a.Runs.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := a.Canceller.Cancel(ctx, run, actor(ctx)); err != nil {
		return nil, err
	}
	a.logAsked(ctx, "cancelled", run.Namespace, "run/"+run.ID.String(), map[string]any{"job_id": run.JobID})
	return &answer[ledger.Run]{run}, nil
}
