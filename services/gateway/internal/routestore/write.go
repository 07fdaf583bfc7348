package routestore

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"

	"github.com/carillon-cron/carillon/services/gateway/internal/auditlog"
	"github.com/carillon-cron/carillon/services/gateway/internal/notify"
	"github.com/carillon-cron/carillon/services/gateway/internal/scope"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Channel is where a route leads: the sort, and the address with its secrets.
type Channel struct{ Sort, Address string }

// By is who changes a route. Only an admin may have to do with one that is for the
// alerts of all namespaces.
type By struct {
	Actor string
	Admin bool
}

// ErrAdmin says that a route is, or is to be, for the alerts of all namespaces, and
// that who asks is no admin.
var ErrAdmin = errors.New("a route for all namespaces needs the role admin")

// Put stores a valid document as a route, in place of one of the same name, and
// returns it. Without a channel and without a job, the channel that is there stays.
// It fails with seal.ErrNoKey, with ErrAdmin, with *[scope.ForeignError], or with
// fault.Faults where that leaves no channel.
func (s *Store) Put(ctx context.Context, by By, name Name, document notify.Document, channel *Channel) (notify.Route, error) {
	if err := by.check(ctx, name, document); err != nil {
		return notify.Route{}, err
	}
	var after row
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		found, err := find(ctx, tx, named+` FOR UPDATE`, name.Namespace, name.Name, scope.From(ctx).Names())
		if err != nil {
			return err
		}
		var before *row
		after = row{Route: notify.Route{ID: uuid.Must(uuid.NewV7()), Namespace: name.Namespace, Name: name.Name}}
		if len(found) == 1 {
			before, after = &found[0], found[0]
			if err := by.check(ctx, name, before.Document); err != nil {
				return err
			}
		}
		after.Document = document
		if err := s.lead(&after, channel); err != nil {
			return err
		}
		return write(ctx, tx, by.Actor, before, &after)
	})
	if postgres.IsUniqueViolation(err, "alert_routes_namespace_name_key") { // another created it meanwhile
		return s.Put(ctx, by, name, document, channel)
	}
	return after.Route, err
}

// check also refuses a route for all namespaces to whoever is no admin, or has only
// some: the one that is to be, and the one that it would replace.
func (by By) check(ctx context.Context, name Name, document notify.Document) error {
	switch {
	case !document.AllNamespaces:
		return scope.From(ctx).Check(name.Namespace)
	case !by.Admin:
		return ErrAdmin
	}
	return scope.From(ctx).CheckAll()
}

// lead makes a route lead to its job, to a new channel, or where it did.
func (s *Store) lead(r *row, channel *Channel) (err error) {
	r.version++
	switch {
	case r.Job != "":
		r.Channel, r.sealed = "", nil
		return nil
	case channel != nil:
		r.Channel = channel.Sort
		r.sealed, err = s.keys.Seal(channel.Address, r.place())
		return err
	case r.sealed == nil:
		return fault.Faults{{Field: "url", Message: "is needed, or else job: one of them says where messages go"}}
	}
	r.version-- // the address is bound to it
	return nil
}

func write(ctx context.Context, tx pgx.Tx, actor string, before, after *row) error {
	err := tx.QueryRow(ctx, `
		INSERT INTO alert_routes (id, namespace, name, document, channel, sealed, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET document = excluded.document, channel = excluded.channel, sealed = excluded.sealed,
			version = excluded.version, updated_at = now()
		RETURNING created_at, updated_at`,
		after.ID, after.Namespace, after.Name, encode(after.Document), after.Channel, after.sealed, after.version).
		Scan(&after.CreatedAt, &after.UpdatedAt)
	if err != nil {
		return err
	}
	action := "created"
	if before != nil {
		action = "updated"
	}
	return audit(ctx, tx, actor, action, before, after)
}

// Delete removes a route, and what is known of what it was told. It fails with
// ErrNotFound, with ErrAdmin, or with *[scope.ForeignError].
func (s *Store) Delete(ctx context.Context, by By, name Name) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		found, err := find(ctx, tx, named+` FOR UPDATE`, name.Namespace, name.Name, scope.From(ctx).Names())
		if err == nil && len(found) == 0 {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		if err := by.check(ctx, name, found[0].Document); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM alert_routes WHERE id = $1`, found[0].ID); err != nil {
			return err
		}
		return audit(ctx, tx, by.Actor, "deleted", &found[0], nil)
	})
}

func audit(ctx context.Context, tx pgx.Tx, actor, action string, before, after *row) error {
	of := cmp.Or(after, before)
	batch := &pgx.Batch{}
	auditlog.Append(batch, auditlog.Change{
		Actor: actor, Namespace: of.Namespace, Action: action, Object: "alert-route/" + of.Namespace + "/" + of.Name, Before: told(before), After: told(after),
	})
	return tx.SendBatch(ctx, batch).Close()
}

// told is what the audit log tells of a route; nil for none.
func told(r *row) []byte {
	if r == nil {
		return nil
	}
	return encode(struct {
		notify.Document
		Channel string `json:"channel,omitempty"`
		Version int64  `json:"version"`
	}{r.Document, r.Channel, r.version})
}

func encode(v any) []byte {
	text, _ := json.Marshal(v) // cannot fail: plain data
	return text
}
