package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/auditlog"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
)

func (a *API) routeAuditLog() {
	op := operation(http.MethodGet, "/audit-log", "list-audit-log", accessTag, "Say who changed what")
	op.Description = "The newest first, with what was before and what came of it; never the value of a secret. " +
		"What belongs to no single namespace is only for keys of all of them."
	register(a, keyring.Viewer, op, a.listAuditLog)
}

// logAsked writes the line of what has been asked of the runners, in the name of the
// caller. They do it with or without the line, so the caller is not told if there is
// none.
func (a *API) logAsked(ctx context.Context, action, namespace, object string, after any) {
	text, _ := json.Marshal(after) // cannot fail: plain data
	change := auditlog.Change{Actor: actor(ctx), Namespace: namespace, Action: action, Object: object, After: text}
	if err := a.AuditLog.Write(ctx, change); err != nil {
		slog.Warn("the audit log lacks a line", "action", action, "object", object, "error", err)
	}
}

type auditLogFilter struct {
	Namespace string    `query:"namespace" doc:"Only changes in this namespace."`
	Object    string    `query:"object" maxLength:"200" doc:"Only changes of this object, or of all of a kind." example:"job/"`
	Actor     string    `query:"actor" maxLength:"300" doc:"Only changes by this key or person."`
	Action    string    `query:"action" maxLength:"100" doc:"Only changes of this kind." example:"deleted"`
	From      time.Time `query:"from" doc:"Only changes at or after this instant."`
	To        time.Time `query:"to" doc:"Only changes before this instant."`
	Paging
}

func (a *API) listAuditLog(ctx context.Context, in *auditLogFilter) (*answer[page[auditlog.Entry]], error) {
	before, err := decodeCursor[int64](in.Cursor)
	if err != nil {
		return nil, err
	}
	entries, err := a.AuditLog.List(ctx, auditlog.Filter{
		Namespace: in.Namespace, Object: in.Object, Actor: in.Actor, Action: in.Action, From: in.From, To: in.To,
		Before: before, Limit: in.Limit + 1,
	})
	return answerWith(newPage(entries, in.Limit, func(e auditlog.Entry) int64 { return e.ID }), err)
}
