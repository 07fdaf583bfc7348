package api

import (
	"net/netip"

	"github.com/carillon-cron/carillon/services/gateway/internal/callback"
	"github.com/carillon-cron/carillon/services/gateway/internal/ping"
	"github.com/danielgtaylor/huma/v2"
)

// bearer is the part of an input that knows where a token came from.
type bearer struct{ address netip.Addr }

// Resolve lets huma fill it.
func (b *bearer) Resolve(ctx huma.Context) []error {
	b.address = addressOf(ctx)
	return nil
}

const wrongTokens = "too many wrong tokens from this address"

// byToken takes what came with a token. An address that has shown too many wrong
// ones waits with a token for which somebody would have to be asked. A right one
// costs nothing, so what is due at once may come at once.
func (a *API) byToken(from bearer, ask bool, take func() error) error {
	if wait := a.intruders.Empty(from.address); wait > 0 && ask {
		return tooMany(wrongTokens, wait)
	}
	err := take()
	if isAny(err, callback.ErrUnknown, ping.ErrUnknown) {
		if wait := a.intruders.Take(from.address, tokenGuesses); wait > 0 {
			return tooMany(wrongTokens, wait)
		}
	}
	return err
}
