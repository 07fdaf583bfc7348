package api

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/once"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"
)

const (
	idempotencyKey = "Idempotency-Key"
	// replayed tells an answer that was given before.
	replayed          = "Idempotency-Replayed"
	maxIdempotencyKey = 255
	// keepTimeout is for remembering an answer, also when the caller has gone.
	keepTimeout = 5 * time.Second
)

// once lets a route heed Idempotency-Key (draft-ietf-httpapi-idempotency-key-header).
// Not for answers that hold a secret: they are remembered as they are.
func (a *API) once(op huma.Operation) huma.Operation {
	longest := maxIdempotencyKey
	op.Parameters = append(op.Parameters, &huma.Param{
		Name: idempotencyKey, In: "header", Example: "8e03978e-40d5-43dd-bc93-6894a57f9324",
		Description: "A text of the caller's own, a new one for each deed. A request that is sent again with it within a day is not done again: " +
			"the answer is that of the first, with the header " + replayed + ". With another request it is refused with 422. " +
			"Refusals are not remembered.",
		Schema: &huma.Schema{Type: huma.TypeString, MaxLength: &longest},
	})
	op.Errors = append(op.Errors, http.StatusConflict)
	op.Middlewares = append(op.Middlewares, a.doOnce)
	return op
}

func (a *API) doOnce(ctx huma.Context, next func(huma.Context)) {
	key := ctx.Header(idempotencyKey)
	switch {
	case key == "":
		next(ctx)
		return
	case len(key) > maxIdempotencyKey || !isVisible(key):
		a.refuseKey(ctx, "must be at most 255 visible characters of ASCII")
		return
	}
	request := humafiber.Unwrap(ctx)
	claim := once.Claim{Caller: callerOf(ctx.Context()).ID, Key: key, Request: digestOfRequest(request)}
	kept, err := a.Answers.Begin(ctx.Context(), claim)
	switch {
	case errors.Is(err, once.ErrOther):
		a.refuseKey(ctx, err.Error())
	case err != nil:
		a.refuse(ctx, asProblem(err))
	case kept != nil:
		replay(ctx, kept)
	default:
		next(ctx)
		a.keep(ctx.Context(), claim, request.Response().StatusCode(), request)
	}
}

func (a *API) refuseKey(ctx huma.Context, message string) {
	fault := &huma.ErrorDetail{Location: "header." + idempotencyKey, Message: message}
	_ = huma.WriteErr(a.huma, ctx, http.StatusUnprocessableEntity, "validation failed", fault) // it logs what it cannot write
}

func isVisible(text string) bool {
	for _, c := range []byte(text) {
		if c < '!' || c > '~' {
			return false
		}
	}
	return true
}

// digestOfRequest says what is asked: where, and with which body.
func digestOfRequest(request *fiber.Ctx) (digest [sha256.Size]byte) {
	sum := sha256.New()
	for _, part := range [][]byte{[]byte(request.Method()), request.Request().URI().RequestURI(), request.BodyRaw()} {
		sum.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		sum.Write(part)
	}
	sum.Sum(digest[:0])
	return digest
}

func replay(ctx huma.Context, kept *once.Answer) {
	ctx.SetHeader("Content-Type", kept.ContentType)
	ctx.SetHeader(replayed, "true")
	if kept.ETag != "" {
		ctx.SetHeader("ETag", kept.ETag)
	}
	ctx.SetStatus(kept.Status)
	_, _ = ctx.BodyWriter().Write(kept.Body) // into memory
}

// keep remembers what was done, and forgets what was not.
func (a *API) keep(ctx context.Context, claim once.Claim, status int, request *fiber.Ctx) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTimeout)
	defer cancel()
	response := request.Response()
	var err error
	if status >= 200 && status < 300 {
		err = a.Answers.Keep(ctx, claim, once.Answer{
			Status: status, ContentType: string(response.Header.ContentType()), ETag: string(response.Header.Peek("ETag")), Body: response.Body(),
		})
	} else {
		err = a.Answers.Forget(ctx, claim)
	}
	if err != nil {
		slog.Error("answer not remembered: its Idempotency-Key will not be taken again for a day", "error", err)
	}
}
