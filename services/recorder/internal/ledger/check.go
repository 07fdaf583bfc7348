package ledger

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/jackc/pgx/v5/pgconn"
)

// Check says what makes an event unfit for the ledger, or nil. It covers what
// would do harm before Postgres could object: an unknown state has no place in
// the order, a number out of range cannot be sent, and a run whose id disagrees
// with its fire time would lie in a partition where nobody looks for it.
func Check(event *wire.Outcome) error {
	fire := event.FireTime.Truncate(time.Millisecond)
	switch {
	case !carillon.RunTime(event.RunID).Equal(fire):
		return fmt.Errorf("run id %s does not belong to fire time %s", event.RunID, event.FireTime)
	case !slices.Contains(order, event.State):
		return fmt.Errorf("state %.40q is unknown", event.State)
	case !countable(event.Attempts):
		return fmt.Errorf("%d attempts are out of range", event.Attempts)
	case event.Attempt != nil && !(countable(event.Attempt.Number) && countable(event.Attempt.Status)):
		return errors.New("number or status of the attempt is out of range")
	}
	return nil
}

func countable(n int) bool { return n >= 0 && n <= math.MaxInt32 }

// IsRefusal reports whether Postgres refused the data as such (SQLSTATE classes
// 22, data exception, and 23, constraint violation): the same rows will be
// refused for ever. Any other error may pass.
func IsRefusal(err error) bool {
	refusal, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (strings.HasPrefix(refusal.Code, "22") || strings.HasPrefix(refusal.Code, "23"))
}

// IsLocked reports whether a lock was not had in time: somebody holds it for long.
func IsLocked(err error) bool {
	refusal, ok := errors.AsType[*pgconn.PgError](err)
	return ok && refusal.Code == "55P03"
}

// isMissingPartition reports whether a row found no partition. Postgres calls it
// a violated check (23514), but one without a name.
func isMissingPartition(err error) bool {
	refusal, ok := errors.AsType[*pgconn.PgError](err)
	return ok && refusal.Code == "23514" && refusal.ConstraintName == ""
}
