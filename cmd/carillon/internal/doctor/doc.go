// Package doctor looks at a Carillon from the outside and says what is wrong with
// it, and what to do.
//
//	Server     what a gateway says of itself, of its key, and of the system
//	NATS       server, clock, streams, consumers; who is at work; what waits
//	Postgres   server, clock, schema, connections; who is at work; what waits
//
// Each look changes nothing, takes seconds at most, and works when everything is
// down: what cannot be looked at is a finding too. Nobody is asked for how he is but
// the gateway. That planners, runners and recorders live, is seen by what they do
// all the time: planners renew leases, runners and recorders ask the server for
// more, and recorders and gateways hold connections to Postgres.
package doctor
