package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/carillon-cron/carillon/services/gateway/internal/backfillstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/callback"
	"github.com/carillon-cron/carillon/services/gateway/internal/cancellation"
	"github.com/carillon-cron/carillon/services/gateway/internal/checkstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/feed"
	"github.com/carillon-cron/carillon/services/gateway/internal/inflight"
	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/ledger"
	"github.com/carillon-cron/carillon/services/gateway/internal/once"
	"github.com/carillon-cron/carillon/services/gateway/internal/openid"
	"github.com/carillon-cron/carillon/services/gateway/internal/ping"
	"github.com/carillon-cron/carillon/services/gateway/internal/queuestore"
	"github.com/carillon-cron/carillon/services/gateway/internal/redrive"
	"github.com/carillon-cron/carillon/services/gateway/internal/retentionstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/routestore"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/services/gateway/internal/secretstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/trigger"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/seal"
	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// retryAfter is, in seconds, when a caller may try again what Postgres or NATS
// could not do.
const retryAfter = "2"

// asProblem says what an error is over HTTP. It leaves problems, and nil, alone.
func asProblem(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[huma.StatusError](err); ok {
		return err
	}
	if faults, ok := errors.AsType[fault.Faults](err); ok {
		return invalid(details(faults))
	}
	if foreign, ok := errors.AsType[*scope.ForeignError](err); ok {
		return huma.Error403Forbidden(foreign.Error())
	}
	if mismatch, ok := errors.AsType[*jobstore.MismatchError](err); ok {
		return huma.ErrorWithHeaders(huma.Error412PreconditionFailed(mismatch.Error()), http.Header{"ETag": {etag(mismatch.Revision)}})
	}
	switch {
	case isAny(err, jobstore.ErrNotFound, queuestore.ErrNotFound, ledger.ErrNotFound, backfillstore.ErrNotFound, secretstore.ErrNotFound, retentionstore.ErrNotFound, keyring.ErrNotFound, callback.ErrUnknown, routestore.ErrNotFound, checkstore.ErrNotFound, ping.ErrUnknown, jobstore.ErrNoRevision, jobstore.ErrNoSuggestion, openid.ErrOff):
		return huma.Error404NotFound(err.Error())
	case isAny(err, jobstore.ErrNameTaken, checkstore.ErrNameTaken):
		return huma.Error409Conflict(err.Error(), &huma.ErrorDetail{Location: "body.name", Message: "is taken"})
	case isAny(err, secretstore.ErrInUse, seal.ErrNoKey, queuestore.ErrInUse, queuestore.ErrHasRuns, queuestore.ErrBuiltin, trigger.ErrInFlight, cancellation.ErrEnded, redrive.ErrState, redrive.ErrAgain, backfillstore.ErrEnded, backfillstore.ErrNoQueue, backfillstore.ErrBusy, callback.ErrContradicted):
		return huma.Error409Conflict(err.Error())
	case errors.Is(err, once.ErrUnderWay):
		return huma.ErrorWithHeaders(huma.Error409Conflict(err.Error()), http.Header{"Retry-After": {retryAfter}})
	case errors.Is(err, errNoRecorder):
		return unavailable(errNoRecorder.Error())
	case errors.Is(err, trigger.ErrUnavailable):
		return unavailable(trigger.ErrUnavailable.Error())
	case errors.Is(err, inflight.ErrUnavailable):
		return unavailable(inflight.ErrUnavailable.Error())
	case errors.Is(err, cancellation.ErrUnavailable):
		return unavailable(cancellation.ErrUnavailable.Error())
	case errors.Is(err, callback.ErrUnavailable):
		return unavailable(callback.ErrUnavailable.Error())
	case errors.Is(err, ping.ErrUnavailable):
		return unavailable(ping.ErrUnavailable.Error())
	case errors.Is(err, ping.ErrTooMany):
		return huma.Error429TooManyRequests(err.Error())
	case errors.Is(err, openid.ErrRefused):
		slog.Info("login refused", "error", err)
		return huma.Error403Forbidden(openid.ErrRefused.Error())
	case errors.Is(err, openid.ErrNoGrant):
		return huma.Error403Forbidden(err.Error())
	case errors.Is(err, openid.ErrUnavailable):
		slog.Warn("login failed", "error", err)
		return unavailable(openid.ErrUnavailable.Error())
	case errors.Is(err, callback.ErrLate):
		return huma.Error410Gone(err.Error())
	case errors.Is(err, backfillstore.ErrUnavailable):
		return unavailable(backfillstore.ErrUnavailable.Error())
	case errors.Is(err, feed.ErrUnavailable):
		return unavailable(feed.ErrUnavailable.Error())
	case postgres.IsUnavailable(err), errors.Is(err, context.Canceled):
		return unavailable("the database is not available")
	}
	slog.Error("request failed", "error", err)
	return huma.Error500InternalServerError("something went wrong here; the log says what")
}

func isAny(err error, targets ...error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

func unavailable(detail string) error {
	return huma.ErrorWithHeaders(huma.Error503ServiceUnavailable(detail), http.Header{"Retry-After": {retryAfter}})
}

// mostFaults is how many faults of a request are told.
const mostFaults = 1000

// invalid is the problem of a request whose faults are known.
func invalid(faults []*huma.ErrorDetail) error {
	return &huma.ErrorModel{
		Status: http.StatusUnprocessableEntity, Title: http.StatusText(http.StatusUnprocessableEntity),
		Detail: "validation failed", Errors: faults[:min(len(faults), mostFaults)],
	}
}

// details gives faults of a body their locations in the request.
func details(faults fault.Faults) []*huma.ErrorDetail {
	found := make([]*huma.ErrorDetail, len(faults))
	for i, f := range faults {
		location := "body"
		if f.Field != "" {
			location = "body." + f.Field
		}
		found[i] = &huma.ErrorDetail{Location: location, Message: f.Message}
	}
	return found
}

// tidy makes huma's problems say where a missing field is missing and what is
// wanted, and takes out the values, which may be secret or large.
func tidy(_ huma.Context, _ string, body any) (any, error) {
	if problem, ok := body.(*huma.ErrorModel); ok {
		for _, detail := range problem.Errors {
			tidyDetail(detail)
		}
	}
	return body, nil
}

func tidyDetail(detail *huma.ErrorDetail) {
	detail.Value = nil
	if field, ok := cutAround(detail.Message, "expected required property ", " to be present"); ok {
		detail.Location += "." + field
		detail.Message = "is required"
	}
	switch {
	case strings.Contains(detail.Message, "UUID"), strings.Contains(detail.Message, "urn prefix"):
		detail.Message = "must be a UUID"
	case strings.HasPrefix(detail.Message, "invalid date/time for format"):
		detail.Message = "must be an instant like 2026-03-29T01:30:00Z"
	}
}

func cutAround(s, before, after string) (string, bool) {
	s, begins := strings.CutPrefix(s, before)
	s, ends := strings.CutSuffix(s, after)
	return s, begins && ends
}

// writeError answers what never reached a route, or broke it.
func writeError(c *fiber.Ctx, err error) error {
	problem := strayProblem(c, err)
	body, _ := json.Marshal(problem)
	c.Set(fiber.HeaderContentType, "application/problem+json")
	return c.Status(problem.Status).Send(body)
}

func strayProblem(c *fiber.Ctx, err error) *huma.ErrorModel {
	if problem, ok := errors.AsType[*huma.ErrorModel](err); ok {
		return problem
	}
	status, detail := http.StatusInternalServerError, "something went wrong here; the log says what"
	if refused, ok := errors.AsType[*fiber.Error](err); ok {
		status, detail = refused.Code, refused.Message
	} else {
		slog.Error("request failed", "route", c.Route().Path, "error", err) // the path may hold a token
	}
	return &huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: detail}
}
