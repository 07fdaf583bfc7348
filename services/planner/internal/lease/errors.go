package lease

import (
	"errors"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/nats-io/nats.go/jetstream"
)

// errUnwatched says that the bucket cannot be followed any more, as when it was
// lost with its server.
var errUnwatched = errors.New("the leases cannot be watched any more")

// wrongRevision reports whether a key was no longer at the revision that was
// expected: somebody else has taken it, or it has run out.
func wrongRevision(err error) bool {
	return errors.Is(err, jetstream.ErrKeyExists) || bus.Refused(err)
}
