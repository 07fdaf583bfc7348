// Package api is the gateway's face: the HTTP API, the live feed, the OpenAPI
// document and its page.
//
// The API is written code-first. A route is one call of [register]: a huma
// operation, the least role that it needs, and a handler that sees typed input.
// From that come the OpenAPI document, the docs page, the checks of parameters,
// and the check of the caller's key; none of them can be forgotten or drift.
//
//	request ─▶ observe ─▶ authenticate ─▶ check input ─▶ handler ─▶ store
//	                                                        │
//	problem ◀──────────────── asProblem ◀──────────────── error
//
// # Errors
//
// Every refusal is an RFC 9457 problem. Handlers return the errors of the stores
// as they are, and one function, [asProblem], knows what each is over HTTP.
// Nothing that an error says of the inside reaches a caller: what is not expected
// is logged, and answered with 500.
//
// # Bodies
//
// A body is checked in two ways, and all faults of both are reported at once: its
// form against the schema in the OpenAPI document, and its meaning by the
// vocabulary's own Validate. See [read].
//
// fiber reuses its buffers between requests. The app runs with Immutable, so that
// strings may be kept.
package api
