package gateway

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/belief"
	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/jobstat"
	"github.com/google/uuid"
)

// tenant is a namespace with one of each thing in it.
type tenant struct {
	namespace                                   string
	job, run, ended, backfill, id, check, token string
}

// nobody is a tenant of whom nothing exists.
func nobody() tenant {
	return tenant{"nobody", uuid.NewString(), uuid.NewString(), uuid.NewString(), uuid.NewString(), uuid.NewString(), uuid.NewString(), uuid.NewString()}
}

// settle makes a tenant. Its key, beside the job that the rest hangs on, is one of
// a viewer who may see it.
func (w *world) settle(t *testing.T, namespace string) tenant {
	t.Helper()
	wanted := document("job-of-" + namespace)
	wanted["namespace"] = namespace
	job := w.create(t, wanted).ID
	other := carillon.NewJobID() // whose runs are in nobody's way
	now := time.Now().UTC().Truncate(time.Microsecond)
	w.exec(t, `SELECT ensure_day_partition($1::date)`, now)
	backfill, key := uuid.New(), uuid.New()
	w.exec(t, `
		INSERT INTO backfills (id, job_id, namespace, begins, ends, mode, schedule, rate, fires, actor)
		VALUES ($1, $2, $3, $4, $5, 'gaps', 'original', 1, ARRAY[$4::timestamptz], 'somebody')`,
		backfill, job, namespace, now.Add(-time.Hour), now)
	w.exec(t, `INSERT INTO keys (id, name, hash, role, namespaces) VALUES ($1, $2, $3, 'viewer', $4)`,
		key, "key-of-"+namespace, key[:], []string{namespace})
	check, token := uuid.New(), uuid.New()
	w.exec(t, `
		INSERT INTO checks (id, token, namespace, name, revision, document)
		VALUES ($1, $3, $2, 'check-of-' || $2, 1, jsonb_build_object('namespace', $2::text, 'name', 'check-of-' || $2, 'period', '1h'))`,
		check, namespace, token)
	w.exec(t, `
		INSERT INTO alerts (object, object_id, namespace, name, labels, kind, reason, times, started_at, renewed_at)
		VALUES ('job', $1, $2, 'job-of-' || $2, '{}', 'failing', 'a run has failed', 1, now(), now())`, job, namespace)
	w.exec(t, `
		INSERT INTO alert_routes (id, namespace, name, document, version)
		VALUES (gen_random_uuid(), $1, 'route-of-' || $1, jsonb_build_object('job', 'job-of-' || $1), 1)`, namespace)
	w.exec(t, `INSERT INTO retention (namespace, keep) VALUES ($1, 7)`, namespace)
	w.exec(t, `UPDATE jobs SET adaptive = 'suggest', quiet_until = '-infinity' WHERE id = $1`, job)
	w.exec(t, `
		INSERT INTO suggestions (job_id, revision, action, adapted, reason, expires_at)
		VALUES ($1, 1, 'relaxed', 'null', 'it is healthy', now() + interval '1 hour')`, job)
	stats := &jobstat.Stats{JobID: job}
	stats.Count(jobstat.End{RunID: uuid.New(), Kind: carillon.KindManual, FireTime: now, State: carillon.StateSucceeded, StartedAt: now, FinishedAt: now})
	w.keepStats(t, stats)
	into[object](t, w.call(t, "PUT", "/api/v1/secrets/"+namespace+"/secret-of-"+namespace, object{"value": "x"}), 200)
	into[object](t, w.call(t, "POST", "/api/v1/pause", object{"namespace": namespace}), 200)
	return tenant{
		namespace: namespace, job: job.String(), backfill: backfill.String(), id: key.String(), check: check.String(), token: token.String(),
		run:   w.record(t, other, namespace, carillon.KindManual, now, carillon.StateRunning).String(),
		ended: w.record(t, job, namespace, carillon.KindManual, now.Add(-time.Minute), carillon.StateFailed).String(),
	}
}

// keyFor makes a key of a role for one namespace, or for all of them for "".
func (w *world) keyFor(t *testing.T, role keyring.Role, namespace string) string {
	t.Helper()
	secret := belief.NewSecret(keyring.Prefix)
	hash := sha256.Sum256([]byte(secret))
	var namespaces []string
	if namespace != "" {
		namespaces = []string{namespace}
	}
	w.exec(t, `INSERT INTO keys (id, name, hash, role, namespaces) VALUES ($1, $2, $3, $4, $5)`,
		uuid.New(), "tester", hash[:], role, namespaces)
	return secret
}

// fill puts the names of a tenant's things into a path or a body.
func (o tenant) fill(text string) string {
	return strings.NewReplacer(
		"{namespace}", o.namespace, "{job}", o.job, "{run}", o.run, "{ended}", o.ended, "{backfill}", o.backfill, "{key}", o.id, "{check}", o.check,
		"{from}", time.Now().Add(-time.Hour).UTC().Format(time.RFC3339),
	).Replace(text)
}

// marks are what a body tells of a tenant if it should not.
func (o tenant) marks() []string {
	return []string{o.namespace, o.job, o.run, o.ended, o.backfill, o.id, o.check, o.token}
}

// census is all that there is of a tenant, as one text.
func (w *world) census(t *testing.T, o tenant) (all string) {
	t.Helper()
	for _, sql := range []string{
		`SELECT coalesce(string_agg(j::text, ',' ORDER BY id), '') FROM jobs j WHERE namespace = $1`,
		`SELECT coalesce(string_agg(r::text, ',' ORDER BY revision), '') FROM job_revisions r WHERE document->>'namespace' = $1`,
		`SELECT coalesce(string_agg(s::text, ',' ORDER BY name), '') FROM secrets s WHERE namespace = $1`,
		`SELECT coalesce(string_agg(b::text, ',' ORDER BY id), '') FROM backfills b WHERE namespace = $1`,
		`SELECT coalesce(string_agg(p::text, ',' ORDER BY revision), '') FROM pauses p WHERE namespace = $1`,
		`SELECT coalesce(string_agg(k::text, ',' ORDER BY id), '') FROM keys k WHERE $1 = ANY(namespaces)`,
		`SELECT coalesce(string_agg(c::text, ',' ORDER BY id), '') FROM checks c WHERE namespace = $1`,
		`SELECT coalesce(string_agg(a::text, ',' ORDER BY id), '') FROM alert_routes a WHERE namespace = $1`,
		`SELECT coalesce(string_agg(r::text, ','), '') FROM retention r WHERE namespace = $1`,
		`SELECT coalesce(string_agg(s::text, ','), '') FROM suggestions s JOIN jobs ON id = job_id WHERE namespace = $1`,
		`SELECT coalesce(string_agg(r::text, ',' ORDER BY id), '') FROM runs r WHERE namespace = $1`,
		`SELECT coalesce(string_agg(l::text, ',' ORDER BY id), '') FROM audit_log l WHERE namespace = $1`,
	} {
		var part string
		if err := w.pool.QueryRow(t.Context(), sql, o.namespace).Scan(&part); err != nil {
			t.Fatal(err)
		}
		all += fmt.Sprintln(part)
	}
	return all
}
