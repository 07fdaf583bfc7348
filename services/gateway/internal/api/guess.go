package api

import (
	"context"
	"net/netip"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/login"
	"github.com/carillon-cron/carillon/services/gateway/internal/openid"
)

const (
	// guesses is how many wrong keys a second are looked up for one address.
	guesses = 5
	// guessesAtOnce is how many of them are looked up together: those that are under
	// way have not been counted yet.
	guessesAtOnce = 4
	// tokenGuesses is the same for the tokens of pings and callbacks. Nobody guesses
	// one, so it only spares Postgres; and a proxy, or a building full of machines, may
	// go on with checks that were deleted.
	tokenGuesses = 50
)

// guess looks at what somebody shows whom nobody knows yet: a key, a cookie, or the
// code of an OpenID Connect provider. It fails as look does, or with the problem that
// the address has guessed too often.
func (a *API) guess(ctx context.Context, address netip.Addr, look func() error) error {
	waiting, cancel := context.WithTimeout(ctx, turnTimeout)
	defer cancel()
	leave, err := a.guessers.Await(waiting, address)
	if err != nil {
		return tooMany("too many unknown keys at once from this address", time.Second)
	}
	defer leave()
	if wait := a.strangers.Empty(address); wait > 0 {
		return tooMany("too many wrong keys from this address", wait)
	}
	err = look()
	if isAny(err, keyring.ErrUnknown, login.ErrUnknown, openid.ErrRefused) {
		a.strangers.Take(address, guesses)
	}
	return err
}
