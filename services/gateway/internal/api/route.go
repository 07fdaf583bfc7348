package api

import (
	"context"
	"net/http"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/danielgtaylor/huma/v2"
)

// prefix is where the API lives.
const prefix = "/api/v1"

// securityScheme names the API key in the OpenAPI document.
const securityScheme = "key"

// cookieScheme names the cookie of a session there.
const cookieScheme = "session"

// register adds a route below the prefix, for holders of at least the given
// role, which the OpenAPI document names as the scope of the security scheme.
func register[I, O any](a *API, least keyring.Role, op huma.Operation, handle func(context.Context, *I) (*O, error)) {
	op.Security = []map[string][]string{{securityScheme: {string(least)}}, {cookieScheme: {string(least)}}}
	op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests)
	registerOpen(a, op, handle)
}

// registerOpen adds a route below the prefix that needs no key.
func registerOpen[I, O any](a *API, op huma.Operation, handle func(context.Context, *I) (*O, error)) {
	op.Path = prefix + op.Path
	describeBody(&op)
	op.Errors = append(op.Errors, http.StatusUnprocessableEntity, http.StatusServiceUnavailable)
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		return out, asProblem(err)
	})
}

// describeBody says how a body is checked, if there is one.
func describeBody(op *huma.Operation) {
	if op.RequestBody == nil {
		return
	}
	op.SkipValidateBody = true // the handler does, with read
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes = maxBody
	}
	op.Errors = append(op.Errors, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
}

// leastRole is the role that an operation needs; "" if it needs no key.
func leastRole(op *huma.Operation) keyring.Role {
	if len(op.Security) == 0 {
		return ""
	}
	return keyring.Role(op.Security[0][securityScheme][0])
}

// operation begins the description of a route.
func operation(method, path, id, tag, summary string, errors ...int) huma.Operation {
	return huma.Operation{Method: method, Path: path, OperationID: id, Tags: []string{tag}, Summary: summary, Errors: errors}
}

// answer is a response with a body.
type answer[T any] struct{ Body T }

func answerWith[T any](body T, err error) (*answer[T], error) {
	if err != nil {
		return nil, err
	}
	return &answer[T]{body}, nil
}
