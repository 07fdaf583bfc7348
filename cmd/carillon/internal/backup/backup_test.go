package backup

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/archive"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// world is a system that no service has seen yet.
type world struct {
	System
	*connected
}

func newWorld(t *testing.T) *world {
	t.Helper()
	server := natstest.Start(t)
	server.Streams()
	w := &world{System: System{DatabaseURL: pgtest.Database(t), NATS: server.Config()}}
	c, err := w.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	w.connected = c
	return w
}

func (w *world) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := w.db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// rows is everything in the tables of a backup, as text.
func (w *world) rows(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, table := range slices.Concat(tables, ledgerTables, days) {
		rows, err := w.db.Query(t.Context(), `SELECT to_jsonb(x)::text FROM `+table+` AS x ORDER BY 1`)
		if err != nil {
			t.Fatal(err)
		}
		if all[table], err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// fill puts a row at least into every table.
func (w *world) fill(t *testing.T) (job uuid.UUID) {
	t.Helper()
	job = carillon.NewJobID()
	document := carillon.Document{Name: "näme\t\\N", Namespace: "a", Schedule: schedule.Spec{Every: schedule.Duration(time.Second)}}.WithDefaults()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	w.exec(t, `INSERT INTO secrets (namespace, name, version, sealed, previous_version, previous_sealed) VALUES ('a', 's', 2, '\x0001ff', 1, '\x00')`)
	w.exec(t, `INSERT INTO jobs (id, namespace, name, revision, queue, document, effective_from, quiet_until) VALUES ($1, 'a', 'n', 2, 'default', $2, $3, '-infinity')`, job, document, at)
	w.exec(t, `INSERT INTO job_secrets VALUES ($1, 'a', 's')`, job)
	for revision := range 2 {
		w.exec(t, `INSERT INTO job_revisions (job_id, revision, action, document, effective_from, actor) VALUES ($1, $2, 'updated', $3, $4, 'me')`,
			job, revision+1, document, at.Add(time.Duration(revision)*time.Minute))
	}
	w.exec(t, `UPDATE queues SET concurrency = 7, hosts = '{a.example,"b c"}' WHERE name = 'low'; UPDATE retention SET keep = 5`)
	w.exec(t, `INSERT INTO suggestions (job_id, revision, action, adapted, reason, expires_at) VALUES ($1, 1, 'moved', 'null', 'r', now())`, job)
	w.exec(t, `INSERT INTO job_stats VALUES ($1, 1, now(), 'failed', '\x01')`, job)
	w.exec(t, `INSERT INTO pauses VALUES (NULL, 1, true, now(), 'me', '', now()), ('a', 1, true, now(), 'me', '', now()), ('a', 2, false, now(), 'me', '', now())`)
	w.exec(t, `INSERT INTO backfills VALUES ($1, $1, 'a', now(), now(), 'gaps', 'original', 1, array[now()], 'me')`, job)
	w.exec(t, `INSERT INTO keys (id, name, hash, role) VALUES (gen_random_uuid(), 'k', '\x01', 'admin')`)
	w.exec(t, `INSERT INTO checks VALUES ($1, gen_random_uuid(), 'a', 'c', 1, '{}')`, job)
	w.exec(t, `INSERT INTO check_states VALUES ($1, 1, 'up')`, job)
	w.exec(t, `INSERT INTO alert_routes (id, namespace, name, document, version) VALUES ($1, 'a', 'r', '{}', 1)`, job)
	w.exec(t, `INSERT INTO alerts (object, object_id, namespace, name, labels, kind, reason, times, started_at, renewed_at) VALUES ('job', $1, 'a', 'n', '{}', 'failing', 'r', 1, now(), now())`, job)
	w.exec(t, `INSERT INTO alert_groups (route_id, key) VALUES ($1, 'k')`, job)
	w.exec(t, `INSERT INTO alert_notices VALUES ($1, 1, true, 1)`, job)
	w.exec(t, `INSERT INTO audit_log (actor, action, object) SELECT 'me', 'created', n::text FROM generate_series(1, 5) AS n`)
	w.exec(t, `INSERT INTO horizons VALUES ('a', now())`)
	w.exec(t, `INSERT INTO audits VALUES (now() - interval '1 hour', now(), 1, 2, 3, 4, 5)`)
	w.exec(t, `INSERT INTO unexplained_fires VALUES ($1, $1, now(), 'a', 'n', 1, true)`, job)
	w.exec(t, `INSERT INTO answers (caller, key, request) VALUES ($1, 'k', '\x01')`, job)
	w.exec(t, `INSERT INTO set_aside_events VALUES (now(), 1, 's', 'r', '\x00')`)
	for day := range 3 {
		w.exec(t, `SELECT ensure_day_partition($1::date)`, at.AddDate(0, 0, day))
		w.exec(t, `INSERT INTO runs (id, fire_time, job_id, job_name, namespace, kind, state, revision, queue, planned_at)
			VALUES ($1, $2, $3, 'n', 'a', 'schedule', $4, 1, 'default', $2)`,
			carillon.NewRunID(job, carillon.KindSchedule, at.AddDate(0, 0, day)), at.AddDate(0, 0, day), job, []string{"succeeded", "running", "failed"}[day])
		w.exec(t, `INSERT INTO attempts (fire_time, run_id, number, started_at) VALUES ($1, $2, 1, $1)`, at.AddDate(0, 0, day), job)
	}
	w.publish(t, topology.Mark(carillon.PartitionOf(job)), wire.Encode(wire.Mark{Reach: wire.Reach{At: at.Add(time.Hour), Job: job, Seen: 9}, Planner: "p", Batch: 3}))
	return job
}

func (w *world) publish(t *testing.T, subject string, data []byte) {
	t.Helper()
	if _, err := w.js.Publish(t.Context(), subject, data); err != nil {
		t.Fatal(err)
	}
}

func (w *world) save(t *testing.T, withRuns bool) *bytes.Reader {
	t.Helper()
	var file bytes.Buffer
	if _, err := Save(t.Context(), w.System, &file, withRuns); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(file.Bytes())
}

func (w *world) restore(t *testing.T, file *bytes.Reader, choice Choice) (Summary, error) {
	t.Helper()
	backup, err := Open(file, choice)
	if err != nil {
		return Summary{}, err
	}
	return backup.Restore(t.Context(), w.System)
}

// messages counts what the streams hold.
func (w *world) messages(t *testing.T) (n uint64) {
	t.Helper()
	for _, name := range streams {
		stream, err := w.js.Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		n += stream.CachedInfo().State.Msgs
	}
	return n
}

func TestEveryTableIsRestoredOrLeftOutOnPurpose(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rows, err := w.db.Query(t.Context(), `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	there, err := pgx.CollectRows(rows, pgx.RowTo[string])
	listed := slices.Sorted(slices.Values(slices.Concat(tables, ledgerTables, days, leftOut)))
	if diff := cmp.Diff(there, listed); diff != "" || err != nil {
		t.Errorf("a table is in none of the lists of table.go, or in one and not there: %s %v", diff, err)
	}
}

// TestWhatIsRestoredIsWhatWas has a row in every table, of every day and of odd texts.
func TestWhatIsRestoredIsWhatWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill(t)
	want := w.rows(t)
	for table, rows := range want {
		if len(rows) == 0 {
			t.Errorf("%s is empty, so nothing is tried of it", table)
		}
	}
	for _, withRuns := range []bool{true, false} {
		file, to := w.save(t, withRuns), newWorld(t)
		summary, err := to.restore(t, file, Choice{AtRest: true})
		if err != nil {
			t.Fatal(err)
		}
		got, wanted := to.rows(t), maps.Clone(want)
		if !withRuns {
			for _, table := range append(slices.Concat(ledgerTables, days), "horizons") { // which is raised
				delete(got, table)
				delete(wanted, table)
			}
		}
		if len(got["audit_log"]) != len(want["audit_log"])+1 {
			t.Errorf("the audit log has %d lines after a restore, %d before", len(got["audit_log"]), len(want["audit_log"]))
		}
		got["audit_log"], wanted["audit_log"] = nil, nil
		if diff := cmp.Diff(wanted, got); diff != "" || summary.Rows["jobs"] != 1 {
			t.Errorf("with runs: %t: %s %+v", withRuns, diff, summary)
		}
		to.exec(t, `INSERT INTO audit_log (actor, action, object) VALUES ('me', 'created', 'next')`)
		if withRuns {
			checkOpenRunsEnd(t, to)
		}
	}
}

// checkOpenRunsEnd holds that the one run that the ledger has as running is ended.
func checkOpenRunsEnd(t *testing.T, w *world) {
	t.Helper()
	stream, err := w.js.Stream(t.Context(), topology.OutcomesStream)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := stream.GetMsg(t.Context(), stream.CachedInfo().State.LastSeq)
	if err != nil || stream.CachedInfo().State.Msgs != 1 {
		t.Fatal(stream.CachedInfo().State, err)
	}
	outcome, err := wire.Decode[wire.Outcome](msg.Data)
	if err != nil || outcome.State != carillon.StateLost || outcome.Reason == "" || outcome.Namespace != "a" {
		t.Errorf("%+v %v", outcome, err)
	}
}

// TestNothingIsWrittenThatShouldNot restores into systems that are not empty, from a
// file that is not whole, and with absurd choices.
func TestNothingIsWrittenThatShouldNot(t *testing.T) {
	t.Parallel()
	from := newWorld(t)
	from.fill(t)
	file := from.save(t, true)
	content := make([]byte, file.Len())
	_, _ = file.Read(content)
	for name, c := range map[string]struct {
		spoil   func(*world)
		content []byte
		choice  Choice
		refused func(error) bool
	}{
		"a row": {func(w *world) {
			w.exec(t, `INSERT INTO keys (id, name, hash, role) VALUES (gen_random_uuid(), 'k', '\x01', 'admin')`)
		}, content, Choice{AtRest: true}, isNotEmpty},
		"a message":    {func(w *world) { w.publish(t, topology.Queue("q"), []byte("{}")) }, content, Choice{AtRest: true}, isNotEmpty},
		"a planner":    {func(w *world) { w.lease(t) }, content, Choice{AtRest: true}, isNotEmpty},
		"a cut file":   {func(*world) {}, content[:len(content)/2], Choice{AtRest: true}, isBroken},
		"no word":      {func(*world) {}, content, Choice{}, isUntilWhen},
		"a late until": {func(*world) {}, content, Choice{RanUntil: time.Now().Add(time.Hour)}, isOther},
		"an early one": {func(*world) {}, content, Choice{RanUntil: time.Now().Add(-time.Hour)}, isOther},
	} {
		to := newWorld(t)
		c.spoil(to)
		before, messages := to.rows(t), to.messages(t)
		if _, err := to.restore(t, bytes.NewReader(c.content), c.choice); !c.refused(err) {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(before, to.rows(t)); diff != "" || to.messages(t) != messages {
			t.Errorf("%s: something was written: %s", name, diff)
		}
	}
}

func isNotEmpty(err error) bool {
	var full *NotEmptyError
	return errors.As(err, &full)
}

func isBroken(err error) bool { return errors.Is(err, archive.ErrBroken) }

func isUntilWhen(err error) bool { return errors.Is(err, ErrUntilWhen) }

func isOther(err error) bool { return err != nil && !isNotEmpty(err) && !isBroken(err) }

func (w *world) lease(t *testing.T) {
	t.Helper()
	bucket, err := w.js.KeyValue(t.Context(), topology.LeasesBucket)
	if err == nil {
		_, err = bucket.Put(t.Context(), "0", []byte("p"))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestABackupKnowsThatPlannersWereAtWork also by what was done, if each was between two
// leases when they were looked at.
func TestABackupKnowsThatPlannersWereAtWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := &saving{connected: w.connected, file: archive.NewWriter(io.Discard)}
	for name, test := range map[string]struct {
		began bool
		first uint64
		want  bool
	}{"nobody was": {false, 0, false}, "at the beginning": {true, 0, true}, "in between": {false, 7, true}} {
		first := make([]stand, carillon.Partitions)
		first[3].Sequence = test.first
		if err := s.saveEnd(t.Context(), test.began, first); err != nil || s.summary.Planning != test.want {
			t.Errorf("%s: %t %v", name, s.summary.Planning, err)
		}
	}
}

// TestARestoreThatFailsLeavesNothing has a file that is whole, and of which Postgres
// refuses a row when messages have been published.
func TestARestoreThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	from, to := newWorld(t), newWorld(t)
	from.fill(t)
	from.publish(t, topology.PingSignal(uuid.New()), []byte("{}"))
	file := from.save(t, true)
	to.exec(t, `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
		CREATE TRIGGER refuse BEFORE INSERT ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse()`)
	before := to.rows(t)
	if _, err := to.restore(t, file, Choice{AtRest: true}); err == nil {
		t.Fatal("it was not refused")
	}
	if diff := cmp.Diff(before, to.rows(t)); diff != "" || to.messages(t) > 0 {
		t.Errorf("%d messages are left: %s", to.messages(t), diff)
	}
	to.exec(t, `DROP TRIGGER refuse ON audit_log`)
	_, _ = file.Seek(0, io.SeekStart)
	if _, err := to.restore(t, file, Choice{AtRest: true}); err != nil || to.messages(t) == 0 {
		t.Errorf("the second try: %v", err)
	}
}
