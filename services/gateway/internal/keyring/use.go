package keyring

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

const (
	// noteEvery is how often the uses of all keys are written.
	noteEvery   = 30 * time.Second
	noteTimeout = 3 * time.Second
)

func (k *Keyring) use(id uuid.UUID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.used[id] = time.Now()
}

// Run forgets keys that were revoked elsewhere, and writes down which were used, until
// ctx ends, and then what is left. What Postgres does not take is tried again.
func (k *Keyring) Run(ctx context.Context) error {
	var group errgroup.Group
	group.Go(func() error { return k.known.Doubt(ctx, k.standing) })
	group.Go(func() error { return k.noteUses(ctx) })
	return group.Wait()
}

func (k *Keyring) noteUses(ctx context.Context) error {
	tick := time.NewTicker(noteEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			k.tryNote(context.WithoutCancel(ctx))
			return nil
		}
		k.tryNote(ctx)
	}
}

func (k *Keyring) tryNote(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, noteTimeout)
	defer cancel()
	if err := k.note(ctx); err != nil {
		slog.Warn("the uses of keys were not noted", "error", err)
	}
}

func (k *Keyring) note(ctx context.Context) error {
	ids, instants := k.takeUses()
	if len(ids) == 0 {
		return nil
	}
	_, err := k.pool.Exec(ctx, `
		UPDATE keys SET last_used_at = at FROM unnest($1::uuid[], $2::timestamptz[]) AS used (key, at)
		WHERE id = key AND (last_used_at IS NULL OR last_used_at < at)`, ids, instants)
	if err != nil {
		k.putBack(ids, instants)
		return fmt.Errorf("note uses: %w", err)
	}
	return nil
}

func (k *Keyring) takeUses() (ids []uuid.UUID, instants []time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, at := range k.used {
		ids, instants = append(ids, id), append(instants, at)
	}
	clear(k.used)
	return ids, instants
}

func (k *Keyring) putBack(ids []uuid.UUID, instants []time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, id := range ids {
		if k.used[id].Before(instants[i]) {
			k.used[id] = instants[i]
		}
	}
}
