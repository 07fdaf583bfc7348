package jobstore

import (
	"context"
	"errors"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/auditlog"
	"github.com/carillon-cron/carillon/services/gateway/internal/outbox"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// change is one revision on its way into the database.
type change struct {
	actor  string
	action Action
	before *carillon.Job // nil where there was none
	after  carillon.Job  // for a deletion, the revision that the deletion is
	reason string
	quiet  time.Duration // for which the word of whoever made it stands alone
}

// transact makes a change and writes all of its parts, or nothing. A nil change
// writes nothing.
func (s *Store) transact(ctx context.Context, make func(pgx.Tx) (*change, error)) error {
	wrote := false
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		c, err := make(tx)
		if err != nil || c == nil {
			return err
		}
		wrote = true
		return c.write(ctx, tx)
	})
	if err == nil && wrote {
		s.written()
	}
	return err
}

// create makes a change that makes a job, as transact would. Where no secrets are
// to be looked for, the statements check all by themselves, so they are sent as they
// are: Postgres runs them as one transaction, for one trip instead of three.
func (s *Store) create(ctx context.Context, conn *pgxpool.Conn, c *change) (err error) {
	if len(c.after.SecretUses()) > 0 {
		err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return c.write(ctx, tx) })
	} else {
		err = c.write(ctx, conn)
	}
	if err == nil {
		s.written()
	}
	return err
}

type sender interface {
	SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults
}

func (c *change) write(ctx context.Context, db sender) error {
	batch := &pgx.Batch{}
	if c.action != Deleted && c.before != nil {
		c.checkQueue(batch)
	}
	if c.action != Deleted {
		c.checkSecrets(batch)
	}
	c.writeJob(batch)
	if c.action != Deleted {
		c.writeSecrets(batch)
	}
	c.writeRevision(batch)
	c.writeAudit(batch)
	outbox.Append(batch, topology.Job(c.after.ID), wire.Encode(c.definition()))
	return c.refusal(db.SendBatch(ctx, batch).Close())
}

func (c *change) definition() wire.Definition {
	return wire.Definition{Job: c.after, Deleted: c.action == Deleted}
}

func (c *change) writeJob(batch *pgx.Batch) {
	j := c.after
	switch {
	case c.action == Deleted:
		batch.Queue(`DELETE FROM jobs WHERE id = $1`, j.ID)
	case c.before == nil:
		batch.Queue(`
			INSERT INTO jobs (id, revision, namespace, name, paused, labels, queue, document, effective_from, adaptive, quiet_until)
			VALUES ($1, $2, $3, $4, $5, $6, (`+heldQueue+`), $8, $9, $10, $11)`,
			j.ID, j.Revision, j.Namespace, j.Name, j.Paused, labels(j), j.Queue, encode(j.Document), j.EffectiveFrom,
			j.AdaptiveMode(), time.Now().Add(c.quiet))
	default:
		batch.Queue(`
			UPDATE jobs SET revision = $2, name = $3, paused = $4, labels = $5, queue = $6, document = $7,
			effective_from = $8, adaptive = $9, quiet_until = greatest(quiet_until, $10), updated_at = now() WHERE id = $1`,
			j.ID, j.Revision, j.Name, j.Paused, labels(j), j.Queue, encode(j.Document), j.EffectiveFrom,
			j.AdaptiveMode(), time.Now().Add(c.quiet))
	}
}

func labels(job carillon.Job) map[string]string {
	if job.Labels == nil {
		return map[string]string{}
	}
	return job.Labels
}

func (c *change) writeRevision(batch *pgx.Batch) {
	j := c.after
	batch.Queue(`
		INSERT INTO job_revisions (job_id, revision, action, document, effective_from, actor, reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		j.ID, j.Revision, c.action, encode(j.Document), j.EffectiveFrom, c.actor, c.reason)
}

func (c *change) writeAudit(batch *pgx.Batch) {
	var before, after []byte
	if c.before != nil {
		before = encode(c.before.Document)
	}
	if c.action != Deleted {
		after = encode(c.after.Document)
	}
	auditlog.Append(batch, auditlog.Change{
		Actor: c.actor, Namespace: c.after.Namespace, Action: string(c.action), Object: "job/" + c.after.ID.String(), Before: before, After: after,
	})
}

// heldQueue selects a queue by its name, the seventh parameter, or nothing. It holds
// on to the queue until the transaction ends, so that it is not deleted meanwhile.
const heldQueue = `SELECT name FROM queues WHERE name = $7 FOR KEY SHARE`

// checkQueue is what heldQueue is, for a job that is there.
func (c *change) checkQueue(batch *pgx.Batch) {
	batch.Queue(`SELECT name FROM queues WHERE name = $1 FOR KEY SHARE`, c.after.Queue).QueryRow(func(row pgx.Row) error {
		var name string
		err := row.Scan(&name)
		if errors.Is(err, pgx.ErrNoRows) {
			return c.noQueue()
		}
		return err
	})
}

func (c *change) noQueue() error {
	return fault.Faults{{Field: "queue", Message: "there is no queue " + c.after.Queue}}
}

func (c *change) refusal(err error) error {
	if postgres.IsNullViolation(err, "jobs", "queue") {
		return c.noQueue()
	}
	return refusal(err)
}

// refusal is what an error of the statements means.
func refusal(err error) error {
	if postgres.IsUniqueViolation(err, "jobs_namespace_name_key") {
		return ErrNameTaken
	}
	return err
}
