package checkstore

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/carillon-cron/carillon/services/gateway/internal/auditlog"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Create stores a valid document as a new check, with a token of its own. It fails
// with ErrNameTaken or *[scope.ForeignError].
func (s *Store) Create(ctx context.Context, actor string, document carillon.CheckDocument) (State, error) {
	if err := scope.From(ctx).Check(document.Namespace); err != nil {
		return State{}, err
	}
	check := carillon.Check{ID: uuid.Must(uuid.NewV7()), Token: uuid.New(), Revision: 1, CheckDocument: document}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO checks (id, token, namespace, name, revision, document) VALUES ($1, $2, $3, $4, $5, $6)`,
			check.ID, check.Token, check.Namespace, check.Name, check.Revision, encode(document))
		if err != nil {
			return refusal(err)
		}
		return audit(ctx, tx, actor, "created", check.ID, nil, &document)
	})
	return State{Check: check, Status: carillon.CheckNew}, err
}

// Change replaces the document of a check by a valid one, and returns the check. It
// fails with ErrNotFound, ErrNameTaken or fault.Faults.
func (s *Store) Change(ctx context.Context, actor string, id uuid.UUID, document carillon.CheckDocument) (State, error) {
	var after State
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		before, err := one(ctx, tx, byID+` FOR UPDATE OF c`, id, scope.From(ctx).Names())
		if err != nil {
			return err
		}
		after = before
		after.CheckDocument = document
		if bytes.Equal(encode(document), encode(before.CheckDocument)) {
			return nil
		}
		if document.Namespace != before.Namespace {
			return fault.Faults{{Field: "namespace", Message: "cannot change; it is " + before.Namespace}}
		}
		after.Revision++
		_, err = tx.Exec(ctx, `UPDATE checks SET name = $2, revision = $3, document = $4, updated_at = now() WHERE id = $1`,
			id, document.Name, after.Revision, encode(document))
		if err != nil {
			return refusal(err)
		}
		return audit(ctx, tx, actor, "updated", id, &before.CheckDocument, &document)
	})
	return after, err
}

// Delete removes a check; its token is good for nothing then. It fails with
// ErrNotFound.
func (s *Store) Delete(ctx context.Context, actor string, id uuid.UUID) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		before, err := one(ctx, tx, byID+` FOR UPDATE OF c`, id, scope.From(ctx).Names())
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM checks WHERE id = $1`, id); err != nil {
			return err
		}
		return audit(ctx, tx, actor, "deleted", id, &before.CheckDocument, nil)
	})
}

func audit(ctx context.Context, tx pgx.Tx, actor, action string, id uuid.UUID, before, after *carillon.CheckDocument) error {
	of := after
	if of == nil {
		of = before
	}
	batch := &pgx.Batch{}
	auditlog.Append(batch, auditlog.Change{
		Actor: actor, Namespace: of.Namespace, Action: action, Object: "check/" + id.String(), Before: told(before), After: told(after),
	})
	return tx.SendBatch(ctx, batch).Close()
}

// told is the document, or nil for none.
func told(document *carillon.CheckDocument) []byte {
	if document == nil {
		return nil
	}
	return encode(*document)
}

func refusal(err error) error {
	if postgres.IsUniqueViolation(err, "checks_namespace_name_key") {
		return ErrNameTaken
	}
	return err
}

func encode(document carillon.CheckDocument) []byte {
	text, _ := json.Marshal(document) // cannot fail: plain data
	return text
}
