package secretstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/carillon-cron/carillon/services/gateway/internal/auditlog"
	"github.com/carillon-cron/carillon/services/gateway/internal/outbox"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/jackc/pgx/v5"
)

// Put gives a secret a value, as its next version, and returns what may be known
// of it. The value that it has already changes nothing. It fails with
// seal.ErrNoKey or *[scope.ForeignError].
func (s *Store) Put(ctx context.Context, actor string, name carillon.SecretName, value string) (Secret, error) {
	if err := scope.From(ctx).Check(name.Namespace); err != nil {
		return Secret{}, err
	}
	var after Secret
	err := s.change(ctx, func(tx pgx.Tx) (wrote bool, err error) {
		before, err := lock(ctx, tx, name)
		if err != nil {
			return false, err
		}
		if before == nil || !s.holds(before, value) {
			if err := s.put(ctx, tx, actor, name, before, value); err != nil {
				return false, err
			}
			wrote = true
		}
		found, err := query(ctx, tx, `WHERE s.namespace = $1 AND s.name = $2`, name.Namespace, name.Name)
		if err == nil && len(found) == 1 {
			after = found[0]
		}
		return wrote, err
	})
	if postgres.IsUniqueViolation(err, "secrets_pkey") { // another created it meanwhile
		return s.Put(ctx, actor, name, value)
	}
	return after, err
}

// holds reports whether a secret has a value already.
func (s *Store) holds(r *row, value string) bool {
	text, err := s.keys.Open(r.secret.Current.Text, r.place(r.secret.Current.Version))
	return err == nil && text == value
}

func (s *Store) put(ctx context.Context, tx pgx.Tx, actor string, name carillon.SecretName, before *row, value string) error {
	after := &row{SecretName: name}
	after.secret.Current.Version = 1
	if before != nil {
		after.secret.Previous = &before.secret.Current
		after.secret.Current.Version = before.secret.Current.Version + 1
	}
	sealed, err := s.keys.Seal(value, after.place(after.secret.Current.Version))
	if err != nil {
		return err
	}
	after.secret.Current.Text = sealed
	batch := &pgx.Batch{}
	if before == nil {
		batch.Queue(`INSERT INTO secrets (namespace, name, version, sealed) VALUES ($1, $2, $3, $4)`,
			name.Namespace, name.Name, after.secret.Current.Version, sealed)
	} else {
		after.update(batch, `, updated_at = now()`)
	}
	audit(batch, actor, name, before, after)
	outbox.Append(batch, topology.Secret(name.Namespace, name.Name), wire.Encode(after.secret))
	return tx.SendBatch(ctx, batch).Close()
}

func (r *row) update(batch *pgx.Batch, more string) {
	var previousVersion *int64
	var previousText []byte
	if r.secret.Previous != nil {
		previousVersion, previousText = &r.secret.Previous.Version, r.secret.Previous.Text
	}
	batch.Queue(`UPDATE secrets SET version = $3, sealed = $4, previous_version = $5, previous_sealed = $6`+more+`
		WHERE namespace = $1 AND name = $2`,
		r.Namespace, r.Name, r.secret.Current.Version, r.secret.Current.Text, previousVersion, previousText)
}

// Delete removes a secret. It fails with ErrNotFound or ErrInUse.
func (s *Store) Delete(ctx context.Context, actor string, name carillon.SecretName) error {
	return s.change(ctx, func(tx pgx.Tx) (bool, error) {
		before, err := lock(ctx, tx, name)
		if err != nil {
			return false, err
		}
		if before == nil {
			return false, ErrNotFound
		}
		if err := unused(ctx, tx, name); err != nil {
			return false, err
		}
		batch := &pgx.Batch{}
		batch.Queue(`DELETE FROM secrets WHERE namespace = $1 AND name = $2`, name.Namespace, name.Name)
		audit(batch, actor, name, before, nil)
		outbox.Append(batch, topology.Secret(name.Namespace, name.Name), nil)
		return true, tx.SendBatch(ctx, batch).Close()
	})
}

// unused looks for jobs only after the secret's row is locked: a writer of a job
// holds on to that row, so none can come in between.
func unused(ctx context.Context, tx pgx.Tx, name carillon.SecretName) error {
	found, err := query(ctx, tx, `WHERE s.namespace = $1 AND s.name = $2`, name.Namespace, name.Name)
	if err == nil && len(found) == 1 && found[0].Uses > 0 {
		return fmt.Errorf("%w: %d, among them %s", ErrInUse, found[0].Uses, found[0].UsedBy[0])
	}
	return err
}

// change commits what edit wrote.
func (s *Store) change(ctx context.Context, edit func(pgx.Tx) (wrote bool, err error)) error {
	wrote := false
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		wrote, err = edit(tx)
		return err
	})
	if err == nil && wrote {
		s.written()
	}
	return err
}

// audit writes who changed a secret, and nothing of what it is.
func audit(batch *pgx.Batch, actor string, name carillon.SecretName, before, after *row) {
	action := "updated"
	if before == nil {
		action = "created"
	} else if after == nil {
		action = "deleted"
	}
	auditlog.Append(batch, auditlog.Change{
		Actor: actor, Namespace: name.Namespace, Action: action, Object: "secret/" + name.Namespace + "/" + name.Name, Before: told(before), After: told(after),
	})
}

// told is what the audit log tells of a secret; nil for none.
func told(r *row) []byte {
	if r == nil {
		return nil
	}
	text, _ := json.Marshal(map[string]int64{"version": r.secret.Current.Version}) // cannot fail
	return text
}
