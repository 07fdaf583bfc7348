package api

import (
	"context"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
)

// maxCallback bounds the body of a callback, which anybody can send. The longest
// message fits.
const maxCallback = 32 << 10

// routeCallbacks serves targets, which have no key: the address says what they may.
func (a *API) routeCallbacks() {
	op := operation(http.MethodPost, carillon.CallbackPath+"{token}", "call-back", runsTag, "Say how a run went that was taken on with 202",
		http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusGone, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable)
	op.Description = "For the targets of jobs with `target.callback`. The address, with its token, came with the call, as `Carillon-Callback-Url`; " +
		"it needs no key. The same news again gets the same answer; 409 if it contradicts the first, 410 after the time for it, 404 if nobody here " +
		"made the token. After 503, or no answer, call back again. News of an attempt that has ended otherwise, as by a cancel, is taken and changes nothing."
	op.RequestBody = bodyOf(a, callbackBody{State: carillon.StateSucceeded, Message: "1,204 rows"})
	op.MaxBodyBytes, op.SkipValidateBody = maxCallback, true
	huma.Register(a.huma, op, func(ctx context.Context, in *callbackInput) (*answer[calledBack], error) {
		out, err := a.callBack(ctx, in)
		return out, asProblem(err)
	})
}

// CallbackPath is where a callback goes.
type CallbackPath struct {
	Token string `path:"token" doc:"The end of the address that came with the call." maxLength:"100"`
}

type callbackInput struct {
	CallbackPath
	bearer
	payload
}

// Resolve is that of both parts.
func (in *callbackInput) Resolve(ctx huma.Context) []error {
	return append(in.bearer.Resolve(ctx), in.payload.Resolve(ctx)...)
}

type callbackBody struct {
	State   carillon.State `json:"state" doc:"How the run went. A failed attempt is tried again as the job's retry policy says." enum:"succeeded,failed"`
	Message string         `json:"message,omitempty" doc:"What there is to say; up to 4000 characters. The ledger keeps it with the attempt." maxLength:"4000"`
}

// check finds nothing more: the schema says it all.
func (*callbackBody) check() error { return nil }

type calledBack struct {
	RunID uuid.UUID      `json:"run_id" doc:"Id of the run."`
	State carillon.State `json:"state" doc:"What was reported."`
}

func (a *API) callBack(ctx context.Context, in *callbackInput) (*answer[calledBack], error) {
	body, err := document(a, &in.payload, (*callbackBody).check)
	if err != nil {
		return nil, err
	}
	var run uuid.UUID
	err = a.byToken(in.bearer, false, func() (err error) {
		run, err = a.Callbacks.Take(ctx, in.Token, wire.Report{State: body.State, Message: body.Message, At: time.Now().UTC()})
		return err
	})
	return answerWith(calledBack{run, body.State}, err)
}
