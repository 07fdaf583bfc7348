package dial

import (
	"cmp"
	"context"
	"time"
)

// Limits bound the parts of a dial. Zero means 10 s.
type Limits struct{ Connect, TLS time.Duration }

const defaultLimit = 10 * time.Second

type limitsKey struct{}

// WithLimits returns a context whose dials have limits other than the default.
func WithLimits(ctx context.Context, limits Limits) context.Context {
	return context.WithValue(ctx, limitsKey{}, limits)
}

func limitsOf(ctx context.Context) Limits {
	limits, _ := ctx.Value(limitsKey{}).(Limits)
	return Limits{Connect: cmp.Or(limits.Connect, defaultLimit), TLS: cmp.Or(limits.TLS, defaultLimit)}
}

// Timeout is the error of what did not come in time.
type Timeout struct {
	Awaited string
	Limit   time.Duration
}

func (t *Timeout) Error() string { return "no " + t.Awaited + " within " + t.Limit.String() }
