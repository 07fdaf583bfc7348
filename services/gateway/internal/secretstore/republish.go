package secretstore

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"

	"github.com/carillon-cron/carillon/services/gateway/internal/outbox"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/jackc/pgx/v5"
)

// Republish seals every secret anew that is sealed under an older master key, and
// puts into the outbox every secret that differs from the published one of its
// name, and the deletion of every published secret that is not there any more.
// Published are the messages as they stand. It returns how many it put.
//
// As for queues, it keeps writers out of the table meanwhile, and those too that have
// only locked a row to change it: each would wait for the other.
func (s *Store) Republish(ctx context.Context, published map[carillon.SecretName][]byte) (n int, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `LOCK TABLE secrets IN EXCLUSIVE MODE`); err != nil {
			return fmt.Errorf("lock secrets: %w", err)
		}
		rows, err := tx.Query(ctx, selectSecret+`ORDER BY namespace, name`)
		if err != nil {
			return fmt.Errorf("compare secrets: %w", err)
		}
		secrets, err := pgx.CollectRows(rows, scan)
		if err != nil {
			return err
		}
		batch := &pgx.Batch{}
		for _, secret := range secrets {
			if s.renew(secret) {
				secret.update(batch, ``)
			}
		}
		n = difference(batch, secrets, published)
		return tx.SendBatch(ctx, batch).Close()
	})
	if err == nil && n > 0 {
		s.written()
	}
	return n, err
}

// renew seals a secret's versions under the key that seals now. What no key opens
// stays as it is: it may open where the keys are others.
func (s *Store) renew(r *row) (changed bool) {
	for _, sealed := range []*wire.Sealed{&r.secret.Current, r.secret.Previous} {
		if sealed == nil || s.keys.Current(sealed.Text) {
			continue
		}
		place := r.place(sealed.Version)
		text, err := s.keys.Open(sealed.Text, place)
		if err == nil {
			sealed.Text, err = s.keys.Seal(text, place)
		}
		if err != nil {
			slog.Error("secret not readable", "namespace", r.Namespace, "name", r.Name, "version", sealed.Version, "error", err)
			continue
		}
		changed = true
	}
	return changed
}

// difference puts into the outbox what differs, and counts it.
func difference(batch *pgx.Batch, secrets []*row, published map[carillon.SecretName][]byte) (n int) {
	stored := map[carillon.SecretName]bool{}
	put := func(name carillon.SecretName, message []byte) {
		n++
		outbox.Append(batch, topology.Secret(name.Namespace, name.Name), message)
	}
	for _, secret := range secrets {
		stored[secret.SecretName] = true
		if message := wire.Encode(secret.secret); !bytes.Equal(message, published[secret.SecretName]) {
			put(secret.SecretName, message)
		}
	}
	for name := range published {
		if !stored[name] {
			put(name, nil)
		}
	}
	return n
}
