package api

import (
	"context"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/auditor"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
)

func (a *API) routeAudits() {
	op := operation(http.MethodGet, "/audits", "list-audits", runsTag, "List the audits that Carillon made by itself")
	op.Description = "The newest first; those of the last 31 days. They are of all namespaces, so a key for some sees none. Which fires a window is about, `GET /audit` says."
	register(a, keyring.Viewer, op, a.listAudits)
}

func (a *API) listAudits(ctx context.Context, in *Paging) (*answer[page[auditor.Audit]], error) {
	before, err := decodeCursor[time.Time](in.Cursor)
	if err != nil {
		return nil, err
	}
	audits, err := a.Audits.List(ctx, before, in.Limit+1)
	return answerWith(newPage(audits, in.Limit, func(last auditor.Audit) time.Time { return last.From }), err)
}
