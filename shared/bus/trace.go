package bus

import (
	"github.com/nats-io/nats.go"
)

// Headers carries a trace context in NATS headers. NATS headers are
// case-sensitive, and the W3C names are lower-case, so the canonicalising
// carrier for HTTP does not fit. It implements propagation.TextMapCarrier.
type Headers nats.Header

// Get returns the first value of a header, or "".
func (h Headers) Get(key string) string { return nats.Header(h).Get(key) }

// Set replaces a header.
func (h Headers) Set(key, value string) { nats.Header(h).Set(key, value) }

// Keys lists the names of all headers.
func (h Headers) Keys() []string {
	keys := make([]string, 0, len(h))
	for key := range h {
		keys = append(keys, key)
	}
	return keys
}
