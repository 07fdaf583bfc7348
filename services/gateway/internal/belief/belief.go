// Package belief remembers for a while whom a secret stands for.
//
// A secret is 256 random bits, so its plain SHA-256 is all that is stored: there is
// nothing to guess that a slow hash would protect. It is looked up by that hash, so
// no comparison leaks by its timing.
//
// What was found is believed for a few seconds, so that a revoked secret dies soon
// and a busy client costs no query per request; those that ask at once ask together.
// While Postgres is away, nobody can revoke one either; so what was found last is
// believed then for longer, but never beyond its own end. What was revoked before,
// at another gateway, must not come back to life then: so all that might be believed
// is looked up again every few seconds, in one statement, whether or not it is used.
//
// What was not found is not remembered: guesses must not push out what is known.
package belief

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"github.com/carillon-cron/carillon/shared/postgres"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

const (
	freshFor = 3 * time.Second
	// keptFor is how long something is believed while Postgres is away.
	keptFor = time.Hour
	// loadTimeout bounds a look-up, which may be for more than the one who began it.
	loadTimeout = 5 * time.Second
	// capacity bounds the memory; what was used least is forgotten first.
	capacity = 10_000
)

// ErrUnknown says that a secret stands for nothing.
var ErrUnknown = errors.New("belief: unknown")

// Hash is what is stored of a secret.
type Hash [sha256.Size]byte

// HashOf returns the hash of a secret.
func HashOf(secret string) Hash { return sha256.Sum256([]byte(secret)) }

// NewSecret returns a fresh secret, which begins with a prefix.
func NewSecret(prefix string) string {
	var bits [32]byte
	_, _ = rand.Read(bits[:]) // never fails: it ends the process instead
	return prefix + base64.RawURLEncoding.EncodeToString(bits[:])
}

// Load returns what a hash stands for and when that ends; never, if the time is
// zero. It fails with ErrUnknown, or with why Postgres cannot say.
type Load[T any] func(ctx context.Context, hash Hash) (value T, end time.Time, err error)

// Belief finds what secrets stand for. It is safe for concurrent use.
type Belief[T any] struct {
	load  Load[T]
	known *lru.Cache[Hash, found[T]]
	asked singleflight.Group
}

type found[T any] struct {
	value T
	at    time.Time
	end   time.Time
}

// believable reports whether something holds that was found a while ago.
func (f found[T]) believable(within time.Duration) bool {
	now := time.Now()
	return now.Sub(f.at) < within && (f.end.IsZero() || now.Before(f.end))
}

// New returns a belief in what load says.
func New[T any](load Load[T]) *Belief[T] {
	known, err := lru.New[Hash, found[T]](capacity)
	if err != nil {
		panic("belief: " + err.Error()) // unreachable: the capacity is not negative
	}
	return &Belief[T]{load: load, known: known}
}

// Find returns what a secret stands for, ErrUnknown, or why Postgres cannot say.
func (b *Belief[T]) Find(ctx context.Context, secret string) (T, error) {
	hash := HashOf(secret)
	last, ok := b.known.Get(hash)
	if ok && last.believable(freshFor) {
		return last.value, nil
	}
	now, err := b.ask(ctx, hash)
	if ok && err != nil && last.believable(keptFor) && postgres.IsUnavailable(err) && b.known.Contains(hash) {
		return last.value, nil
	}
	return now, err
}

// ask looks a hash up, once for all who ask at the same time: so it must not end with
// the one who began.
func (b *Belief[T]) ask(ctx context.Context, hash Hash) (T, error) {
	answer, err, _ := b.asked.Do(string(hash[:]), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
		defer cancel()
		value, end, err := b.load(ctx, hash)
		switch {
		case err == nil:
			b.known.Add(hash, found[T]{value, time.Now(), end})
		case errors.Is(err, ErrUnknown):
			b.known.Remove(hash)
		}
		return value, err
	})
	return answer.(T), err
}

// Knows reports whether a secret was found within the last hour, so that it is no
// guess.
func (b *Belief[T]) Knows(secret string) bool {
	last, ok := b.known.Peek(HashOf(secret))
	return ok && last.believable(keptFor)
}

// Forget has a secret looked up again. Who asked before may still be answered as
// before.
func (b *Belief[T]) Forget(hash Hash) {
	b.asked.Forget(string(hash[:]))
	b.known.Remove(hash)
}

// ForgetAll has the secrets looked up again that stand for such values.
func (b *Belief[T]) ForgetAll(such func(T) bool) {
	for _, hash := range b.known.Keys() {
		if last, ok := b.known.Peek(hash); ok && such(last.value) {
			b.Forget(hash)
		}
	}
}
