// Package feed takes the outcomes that NATS republishes, once per gateway, and
// keeps the last of them for clients.
//
// Events carry their sequence in OUTCOMES, which is the same in every gateway,
// so a client may resume at any of them. The sequences have no holes: a hole is
// the proof that events were lost on the way here (a reconnect, a full buffer),
// and the ring turns it into a reset. A loss at the very end leaves no hole to
// see; so every few seconds the feed asks the stream how far it has got. The
// same look finds that the stream is another one, which counts from 1 again.
//
// An event is kept as it came, and turned into what clients read when the first
// of them asks.
//
//	closed ──somebody reads──▶ open ──nobody has read for ten minutes──▶ closed
//
// A feed that nobody reads is closed: it takes no events from NATS, which would
// cost a twentieth of the CPU time of every run. Gateways tell each other of
// their readers, so all of them are open or none is: a client that loses one
// resumes at another. One that comes back after the ten minutes is told to read
// anew.
package feed
