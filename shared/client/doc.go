// Package client calls Carillon's API: requests and answers over HTTP, and the
// live feed over a WebSocket. The command line, the whole-system tests and the
// benchmarks are its users; it knows nothing that the OpenAPI document does not say.
package client
