// Package throttle lets each of many do something only so often.
//
// Each has a bucket of tokens, which refills steadily and holds as many as come in
// two seconds: bursts pass, and a pace does not. A bucket that was not used for
// long is as full as a new one, so those used least are forgotten, and memory is
// bounded whoever comes. Buckets are those of one gateway: with several, each
// allows as much.
package throttle

import (
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

const (
	capacity = 10_000
	// burst is how many seconds' worth of tokens a bucket holds.
	burst = 2
)

// Throttle holds the buckets. It is safe for concurrent use.
type Throttle[K comparable] struct{ buckets *lru.Cache[K, *rate.Limiter] }

// New returns a throttle without buckets.
func New[K comparable]() *Throttle[K] {
	buckets, err := lru.New[K, *rate.Limiter](capacity)
	if err != nil {
		panic("throttle: " + err.Error()) // unreachable: the capacity is not negative
	}
	return &Throttle[K]{buckets}
}

// Take takes a token of somebody who gets so many a second; 0 is any number.
// Without a token it returns when there will be one.
func (t *Throttle[K]) Take(who K, perSecond int) (wait time.Duration) {
	if perSecond == 0 {
		return 0
	}
	reservation := t.bucket(who, perSecond).Reserve()
	if wait = reservation.Delay(); wait > 0 {
		reservation.Cancel()
	}
	return wait
}

// Empty returns how long it takes until somebody has a token; 0 if he has one.
func (t *Throttle[K]) Empty(who K) (wait time.Duration) {
	bucket, ok := t.buckets.Get(who)
	if !ok {
		return 0
	}
	missing := 1 - bucket.Tokens()
	return max(0, time.Duration(missing/float64(bucket.Limit())*float64(time.Second)))
}

// bucket may be made twice at once; then one of them counts.
func (t *Throttle[K]) bucket(who K, perSecond int) *rate.Limiter {
	if bucket, ok := t.buckets.Get(who); ok && bucket.Burst() == burst*perSecond {
		return bucket
	}
	bucket := rate.NewLimiter(rate.Limit(perSecond), burst*perSecond)
	t.buckets.Add(who, bucket)
	return bucket
}
