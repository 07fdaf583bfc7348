package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/archive"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/jackc/pgx/v5"
)

// Choice is what becomes of fires between the backup and now. Its zero value is none.
type Choice struct {
	// Skip leaves out all of them. Otherwise each job's policy decides, but for those
	// up to RanUntil: until then the system went on after the backup.
	Skip     bool
	RanUntil time.Time
	// AtRest says that the system did nothing after the backup.
	AtRest bool
}

// ErrUntilWhen says that nobody has said until when the system went on.
var ErrUntilWhen = errors.New("no backup knows whether the system went on after it, and called targets")

// until is the instant up to which nothing may be called that the marks do not
// cover; zero for none.
func (c Choice) until(last end, now time.Time) (time.Time, error) {
	switch {
	case c.Skip:
		return now, nil
	case c.RanUntil.After(now):
		return now, fmt.Errorf("the system cannot have gone on until %s, which is yet to come", c.RanUntil.Format(time.RFC3339))
	case !c.RanUntil.IsZero() && c.RanUntil.Before(last.At):
		return now, fmt.Errorf("the system went on until %s at least, when the backup was made", last.At.Format(time.RFC3339))
	case !c.RanUntil.IsZero():
		return c.RanUntil, nil
	case !c.AtRest:
		return now, ErrUntilWhen
	case last.Planning: // after the marks were read, too
		return last.At, nil
	}
	return time.Time{}, nil
}

// Backup is a backup that is to be restored.
type Backup struct {
	file    io.ReadSeeker
	content *content
	until   time.Time
}

// Open reads a backup to its end, to be sure of it. It fails with archive.ErrBroken,
// with [ErrUntilWhen], or if the choice cannot be. The caller closes the file, after
// the restore.
func Open(file io.ReadSeeker, choice Choice) (*Backup, error) {
	content, err := inspect(file)
	if err != nil {
		return nil, err
	}
	until, err := choice.until(content.end, time.Now().UTC())
	return &Backup{file, content, until}, err
}

// restoring is a restore that is under way.
type restoring struct {
	*Backup
	*connected
	publish *publisher
	tx      pgx.Tx
	id      string // of the transaction, once it is to be committed
	summary Summary
}

// Restore makes of an empty system the one that the backup was made of. No service may
// run yet. It fails with *[NotEmptyError] before it has written anything; when it fails
// later, it leaves tables without rows.
func (b *Backup) Restore(ctx context.Context, system System) (Summary, error) {
	c, err := system.connect(ctx)
	if err != nil {
		return Summary{}, err
	}
	defer c.close()
	if err := c.checkEmpty(ctx); err != nil {
		return Summary{}, err
	}
	if err := postgres.MigrateTo(ctx, system.DatabaseURL, b.content.Schema); err != nil {
		return Summary{}, err
	}
	if err := checkSchema(ctx, c.db, b.content.Schema); err != nil {
		return Summary{}, fmt.Errorf("%w, which the backup has: give a database without tables", err)
	}
	if err := topology.Ensure(ctx, c.js, system.NATS.Replicas); err != nil {
		return Summary{}, fmt.Errorf("make the streams: %w", err)
	}
	r := &restoring{Backup: b, connected: c, publish: newPublisher(c.js)}
	r.summary = Summary{At: b.content.end.At, Rows: map[string]int64{}, Planning: b.content.end.Planning}
	r.summary.Database, r.summary.NATS = system.servers(c.db.Config())
	if err := r.restore(ctx); err != nil {
		became, lookErr := r.became(ctx, system)
		switch {
		case lookErr != nil:
			return Summary{}, fmt.Errorf("%w; and nobody knows whether the tables are there (%w): start no service, and begin again on other empty servers", err, lookErr)
		case became != committed:
			return Summary{}, errors.Join(err, r.undo(ctx))
		}
	}
	return r.summary, postgres.Migrate(ctx, system.DatabaseURL)
}

// undoTimeout bounds what is done after a failure, also that of being interrupted.
const undoTimeout = time.Minute

// undo takes back what was published, once it has come in.
func (r *restoring) undo(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	_ = r.publish.wait(ctx) // what was not stored need not be taken back
	return r.empty(ctx)
}

// restore writes everything, the streams before the tables are committed.
func (r *restoring) restore(ctx context.Context) error {
	return pgx.BeginFunc(ctx, r.db, func(tx pgx.Tx) error {
		r.tx = tx
		for _, name := range prefilled {
			if _, err := tx.Exec(ctx, `DELETE FROM `+name); err != nil {
				return fmt.Errorf("empty %s: %w", name, err)
			}
		}
		if err := r.readSections(ctx); err != nil {
			return err
		}
		for _, step := range []func(context.Context) error{r.finishTables, r.endOpenRuns, r.publishDefinitions, r.publish.wait, r.publishMarks, r.publish.wait} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return tx.QueryRow(ctx, `SELECT pg_current_xact_id()::text`).Scan(&r.id)
	})
}

func (r *restoring) readSections(ctx context.Context) error {
	sections, err := archive.NewReader(r.file)
	if err != nil {
		return err
	}
	name, err := sections.Next()
	for ; err == nil; name, err = sections.Next() {
		if err := r.readSection(ctx, name, sections); err != nil {
			return fmt.Errorf("restore %s: %w", name, err)
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (r *restoring) readSection(ctx context.Context, name string, section io.Reader) error {
	folder, file, _ := strings.Cut(name, "/")
	switch {
	case name == messagesSection:
		return r.publishMessages(ctx, section)
	case folder+"/" == tablePrefix:
		return r.copyIn(ctx, file, section)
	case folder == days[0]: // makes the day for both
		if _, err := r.tx.Exec(ctx, `SELECT ensure_day_partition(to_date($1, 'YYYYMMDD'))`, file); err != nil {
			return err
		}
		return r.copyIn(ctx, folder, section)
	case folder == days[1]:
		return r.copyIn(ctx, folder, section)
	}
	return nil // what the file says of itself
}

func (r *restoring) copyIn(ctx context.Context, table string, section io.Reader) error {
	tag, err := r.tx.Conn().PgConn().CopyFrom(ctx, section, `COPY `+pgx.Identifier{table}.Sanitize()+` FROM STDIN`)
	r.summary.Rows[table] += tag.RowsAffected()
	return err
}

func (r *restoring) publishMessages(ctx context.Context, section io.Reader) error {
	for from := json.NewDecoder(section); from.More(); {
		var m message
		if err := from.Decode(&m); err != nil {
			return err
		}
		if err := r.publish.put(ctx, m.Subject, m.Data); err != nil {
			return err
		}
	}
	return nil
}

// finishTables sets what does not come with the rows.
func (r *restoring) finishTables(ctx context.Context) error {
	for table, column := range counters {
		_, err := r.tx.Exec(ctx, fmt.Sprintf(`SELECT setval(pg_get_serial_sequence('%s', '%s'), max(%[2]s)) FROM %[1]s HAVING count(*) > 0`, table, column))
		if err != nil {
			return fmt.Errorf("count on in %s: %w", table, err)
		}
	}
	if !r.content.WithRuns {
		if err := r.raiseHorizons(ctx); err != nil {
			return err
		}
	}
	_, err := r.tx.Exec(ctx, `INSERT INTO audit_log (actor, action, object, after)
		VALUES ('restore', 'restored', 'everything', jsonb_build_object('backup_made_at', $1::timestamptz, 'with_runs', $2::boolean))`,
		r.content.end.At, r.content.WithRuns)
	return err
}

// raiseHorizons says from when on the ledger has all runs, as it begins anew.
func (r *restoring) raiseHorizons(ctx context.Context) error {
	var begins time.Time
	for _, stand := range r.content.marks {
		begins = latest(begins, stand.Mark.At)
	}
	if begins.IsZero() {
		return nil
	}
	_, err := r.tx.Exec(ctx, `INSERT INTO horizons AS h (namespace, begins)
		SELECT DISTINCT document->>'namespace', $1::timestamptz FROM job_revisions
		ON CONFLICT (namespace) DO UPDATE SET begins = greatest(h.begins, excluded.begins)`, begins.Add(time.Microsecond))
	if err != nil {
		return fmt.Errorf("raise the horizons: %w", err)
	}
	return nil
}
