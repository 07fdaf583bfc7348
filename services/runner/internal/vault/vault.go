// Package vault holds the secrets that a runner may need, and opens them.
//
//	JOBS ── sealed ──▶ vault ── plain ──▶ the call that asks
//
// What it keeps is sealed; a value is plain from the moment a call asks for it
// until the call is over. It never leaves this process but to a job's target.
//
// A call gets secrets of its own job's namespace only, for it has no way to name
// others; and the seal of one that was put in another's place does not open.
package vault

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/seal"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
)

const (
	// retryEvery is the pause after a try that failed.
	retryEvery = time.Second
	// afterlife is how long a deleted secret is kept. Nobody deletes one that a job
	// uses, but runs of the job as it was may still wait in a queue, or for a retry.
	afterlife = time.Hour
)

// Source calls handle with every secret's message, from one goroutine: those that
// stand there before it returns, and then each as it comes, until stop.
type Source func(ctx context.Context, handle func(bus.Entry)) (stop func(), err error)

// Vault finds secrets. It is safe for concurrent use.
type Vault struct {
	source Source
	keys   *seal.Keys

	mu      sync.RWMutex
	secrets map[carillon.SecretName]wire.Secret
	ends    map[carillon.SecretName]time.Time // of those that are deleted
}

// New returns a vault that is empty until it is run, and opens by the given keys.
func New(source Source, keys *seal.Keys) *Vault {
	return &Vault{source: source, keys: keys, secrets: make(map[carillon.SecretName]wire.Secret), ends: make(map[carillon.SecretName]time.Time)}
}

// Run follows the secrets until ctx ends. It calls ready once the vault has all
// that there are at the start.
func (v *Vault) Run(ctx context.Context, ready func()) {
	for ctx.Err() == nil {
		stop, err := v.source(ctx, v.take)
		if err == nil {
			ready()
			<-ctx.Done()
			stop()
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryEvery):
		}
	}
}

// take takes in a secret's newest message; an empty one means deleted.
func (v *Vault) take(entry bus.Entry) {
	id := topology.SecretName(entry.Subject)
	if len(entry.Data) == 0 {
		v.remove(id, time.Now())
		return
	}
	secret, err := wire.Decode[wire.Secret](entry.Data)
	if err != nil {
		slog.Error("malformed secret ignored", "subject", entry.Subject)
		return
	}
	if _, err := v.open(id, secret.Current); err != nil {
		slog.Error("secret does not open", "subject", entry.Subject, "version", secret.Current.Version, "error", err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.secrets[id] = secret
	delete(v.ends, id)
}

// remove lets a secret end after its afterlife, and forgets those that have ended.
func (v *Vault) remove(id carillon.SecretName, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, ok := v.secrets[id]; ok {
		v.ends[id] = now.Add(afterlife)
	}
	for id, end := range v.ends {
		if !now.Before(end) {
			delete(v.secrets, id)
			delete(v.ends, id)
		}
	}
}

// Resolve returns the value of a secret; false if there is none that opens.
func (v *Vault) Resolve(namespace, secret string) (value string, ok bool) {
	values := v.ResolveAll(namespace, secret)
	if len(values) == 0 {
		return "", false
	}
	return values[0], true
}

// ResolveAll returns the value of a secret and, after a change, the one before it;
// nothing if there is none that opens.
func (v *Vault) ResolveAll(namespace, secret string) (values []string) {
	id := carillon.SecretName{Namespace: namespace, Name: secret}
	v.mu.RLock()
	known, ok := v.secrets[id]
	end, ends := v.ends[id]
	v.mu.RUnlock()
	if !ok || ends && !time.Now().Before(end) {
		return nil
	}
	current, err := v.open(id, known.Current)
	if err != nil {
		return nil
	}
	values = append(values, current)
	if known.Previous != nil {
		if previous, err := v.open(id, *known.Previous); err == nil {
			values = append(values, previous)
		}
	}
	return values
}

func (v *Vault) open(id carillon.SecretName, sealed wire.Sealed) (string, error) {
	return v.keys.Open(sealed.Text, seal.Place{Namespace: id.Namespace, Name: id.Name, Version: sealed.Version})
}
