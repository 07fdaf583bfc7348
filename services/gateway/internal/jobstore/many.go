package jobstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/effect"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// manyLead lies before the usual lead of a change: a thousand changes take longer
// than one to be written and relayed.
const manyLead = 5 * time.Second

// many are changes of several jobs, at most one of each, on their way into the
// database: all in two statements, however many they are. Jobs that exist are
// locked by then.
type many struct {
	actor string
	set   string    // that the jobs are in from now on; "" leaves each where it is
	now   time.Time // the changes take effect after it

	id         []uuid.UUID
	revision   []int64
	action     []string
	namespace  []string
	name       []string
	paused     []bool
	labels     []string
	queue      []string
	document   []string
	adaptive   []string
	effective  []time.Time
	subject    []string
	payload    [][]byte
	digest     [][]byte // of the text that was applied; nil if none was
	secretJob  []uuid.UUID
	secretFrom []string
	secret     []string
}

func newMany(actor string) *many {
	m := &many{actor: actor}
	m.lead()
	return m
}

// lead counts from now on when changes take effect. It is called with the locks held:
// planners have planned by the old revision what was due while they were awaited.
func (m *many) lead() { m.now = time.Now().Add(manyLead) }

// next is a job's next revision, with a document.
func (m *many) next(job carillon.Job, document carillon.Document) carillon.Job {
	return carillon.Job{
		ID: job.ID, Revision: job.Revision + 1, Document: document,
		EffectiveFrom: effect.From(m.now, job.EffectiveFrom),
	}
}

// add takes a revision, which for a deletion is the one that the deletion is.
func (m *many) add(action Action, job carillon.Job, digest []byte) {
	m.id, m.revision, m.action = append(m.id, job.ID), append(m.revision, job.Revision), append(m.action, string(action))
	m.namespace, m.name = append(m.namespace, job.Namespace), append(m.name, job.Name)
	m.paused, m.queue = append(m.paused, job.Paused), append(m.queue, job.Queue)
	m.labels, m.document = append(m.labels, encodeLabels(job)), append(m.document, string(encode(job.Document)))
	m.adaptive, m.effective = append(m.adaptive, string(job.AdaptiveMode())), append(m.effective, job.EffectiveFrom)
	m.subject = append(m.subject, topology.Job(job.ID))
	m.payload = append(m.payload, wire.Encode(wire.Definition{Job: job, Deleted: action == Deleted}))
	m.digest = append(m.digest, digest)
	if action != Deleted {
		for _, name := range secretNames(job.SecretUses()) {
			m.secretJob, m.secretFrom, m.secret = append(m.secretJob, job.ID), append(m.secretFrom, job.Namespace), append(m.secret, name)
		}
	}
}

// write writes what was added. The audit log gets what each document was from the
// table: all parts of a statement see it as it was before.
func (m *many) write(ctx context.Context, tx pgx.Tx) error {
	if len(m.id) == 0 {
		return nil
	}
	batch := &pgx.Batch{}
	batch.Queue(`
		WITH wanted AS MATERIALIZED (
			SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::jsonb[], $8::text[],
				$9::jsonb[], $10::text[], $11::timestamptz[], $12::text[], $13::bytea[], $14::bytea[])
				AS w (id, revision, action, namespace, name, paused, labels, queue, document, adaptive, effective_from, subject, payload, digest)
		), before AS MATERIALIZED (
			SELECT id, document FROM jobs WHERE id = ANY($1)
		), gone AS (
			DELETE FROM jobs USING wanted AS w WHERE jobs.id = w.id AND action = 'deleted'
		), changed AS (
			UPDATE jobs SET revision = w.revision, name = w.name, paused = w.paused, labels = w.labels, queue = w.queue, document = w.document,
				effective_from = w.effective_from, adaptive = w.adaptive, quiet_until = greatest(quiet_until, $15), updated_at = now(),
				apply_set = coalesce(nullif($16, ''), apply_set), applied = digest, applied_revision = w.revision
			FROM wanted AS w WHERE jobs.id = w.id AND action NOT IN ('created', 'deleted')
		), made AS (
			INSERT INTO jobs (id, revision, namespace, name, paused, labels, queue, document, effective_from, adaptive, quiet_until,
				apply_set, applied, applied_revision)
			SELECT id, revision, namespace, name, paused, labels, queue, document, effective_from, adaptive, $15, nullif($16, ''), digest, revision
			FROM wanted WHERE action = 'created' ORDER BY namespace COLLATE "C", name COLLATE "C" -- in the order of all who do
		), revisions AS (
			INSERT INTO job_revisions (job_id, revision, action, document, effective_from, actor)
			SELECT id, revision, action, document, effective_from, $17 FROM wanted
		), audited AS (
			INSERT INTO audit_log (actor, namespace, action, object, before, after)
			SELECT $17, namespace, action, 'job/' || id, before.document, CASE WHEN action <> 'deleted' THEN wanted.document END
			FROM wanted LEFT JOIN before USING (id)
		)
		INSERT INTO outbox (subject, payload) SELECT subject, payload FROM wanted`,
		m.id, m.revision, m.action, m.namespace, m.name, m.paused, m.labels, m.queue, m.document, m.adaptive, m.effective,
		m.subject, m.payload, m.digest, time.Now().Add(QuietAfterEdit), m.set, m.actor)
	batch.Queue(`DELETE FROM job_secrets WHERE job_id = ANY($1)`, m.id)
	if len(m.secret) > 0 {
		batch.Queue(`INSERT INTO job_secrets (job_id, namespace, name) SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[])`,
			m.secretJob, m.secretFrom, m.secret)
	}
	return refusal(tx.SendBatch(ctx, batch).Close())
}

// placed is a document, and where in a request it stands.
type placed struct {
	place    string
	document *carillon.Document
}

// missingUses holds on to the queues and secrets that documents name until the
// transaction ends, as for a single change, and says which are not there.
func missingUses(ctx context.Context, tx pgx.Tx, documents []placed) (faults fault.Faults, err error) {
	var queues []string
	var secrets []carillon.SecretName
	for _, d := range documents {
		queues = append(queues, d.document.Queue)
		for _, use := range d.document.SecretUses() {
			secrets = append(secrets, carillon.SecretName{Namespace: d.document.Namespace, Name: use.Secret})
		}
	}
	knownQueues, err := holdQueues(ctx, tx, queues)
	if err != nil {
		return nil, fmt.Errorf("look up queues: %w", err)
	}
	knownSecrets, err := holdSecrets(ctx, tx, secrets)
	if err != nil {
		return nil, fmt.Errorf("look up secrets: %w", err)
	}
	for _, d := range documents {
		if !slices.Contains(knownQueues, d.document.Queue) {
			faults.Add(d.place+".queue", "there is no queue %s", d.document.Queue)
		}
		for _, use := range d.document.SecretUses() {
			if !knownSecrets[carillon.SecretName{Namespace: d.document.Namespace, Name: use.Secret}] {
				faults.Add(d.place+"."+use.Field, "there is no secret %s in the namespace %s", use.Secret, d.document.Namespace)
			}
		}
	}
	return faults, nil
}

func holdQueues(ctx context.Context, tx pgx.Tx, names []string) ([]string, error) {
	rows, err := tx.Query(ctx, `SELECT name FROM queues WHERE name = ANY($1) ORDER BY name FOR KEY SHARE`, names)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func holdSecrets(ctx context.Context, tx pgx.Tx, wanted []carillon.SecretName) (map[carillon.SecretName]bool, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	var namespaces, names []string
	for _, secret := range wanted {
		namespaces, names = append(namespaces, secret.Namespace), append(names, secret.Name)
	}
	rows, err := tx.Query(ctx, `
		SELECT namespace, name FROM secrets WHERE (namespace, name) IN (SELECT * FROM unnest($1::text[], $2::text[]))
		ORDER BY namespace, name FOR KEY SHARE`, namespaces, names)
	if err != nil {
		return nil, err
	}
	found := map[carillon.SecretName]bool{}
	var secret carillon.SecretName
	_, err = pgx.ForEachRow(rows, []any{&secret.Namespace, &secret.Name}, func() error {
		found[secret] = true
		return nil
	})
	return found, err
}
