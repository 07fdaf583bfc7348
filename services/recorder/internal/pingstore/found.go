package pingstore

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/carillon-cron/carillon/services/recorder/internal/alert"
	"github.com/carillon-cron/carillon/services/recorder/internal/alertstore"
	"github.com/carillon-cron/carillon/services/recorder/internal/check"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"
)

// found is a check with its state.
type found struct {
	carillon.Check
	check.State
	labels []byte
	seen   int64 // the revision that the state follows from
	flaw   error // why its document cannot be read
}

// unreadable reports a check that nothing can be said of. It must not keep others
// from being looked at.
func (f found) unreadable() bool {
	if f.flaw != nil {
		slog.Error("check passed over", "error", f.flaw, "check_id", f.ID)
	}
	return f.flaw != nil
}

const selectCheck = `
	SELECT c.id, c.revision, c.document, coalesce(s.revision, 0), coalesce(s.status, 'new'), s.pinged_at, s.ended_at, s.started_at, s.expected_at, s.deadline_at
	FROM checks c LEFT JOIN check_states s ON s.check_id = c.id `

func scan(row pgx.CollectableRow) (f found, err error) {
	var document []byte
	err = row.Scan(&f.ID, &f.Check.Revision, &document, &f.seen, &f.Status, (*zeronull.Timestamptz)(&f.PingedAt),
		(*zeronull.Timestamptz)(&f.EndedAt), (*zeronull.Timestamptz)(&f.StartedAt), (*zeronull.Timestamptz)(&f.ExpectedAt), (*zeronull.Timestamptz)(&f.DeadlineAt))
	if err != nil {
		return f, err
	}
	if f.flaw = json.Unmarshal(document, &f.CheckDocument); f.flaw == nil {
		f.labels, f.flaw = json.Marshal(f.Labels)
	}
	if f.Labels == nil {
		f.labels = []byte("{}")
	}
	return f, nil
}

func one(ctx context.Context, tx pgx.Tx, sql string, args ...any) (found, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return found{}, err
	}
	f, err := pgx.CollectExactlyOneRow(rows, scan)
	return f, cmp.Or(err, f.flaw)
}

// save writes the state, and what a ping said if there is one.
func (f *found) save(ctx context.Context, tx pgx.Tx, ping *wire.Ping) error {
	var said wire.Ping
	if ping != nil {
		said = *ping
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO check_states AS s (check_id, revision, status, pinged_at, started_at, expected_at, deadline_at, exit_code, message, ended_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $11)
		ON CONFLICT (check_id) DO UPDATE SET revision = excluded.revision, status = excluded.status, pinged_at = excluded.pinged_at,
			ended_at = excluded.ended_at, started_at = excluded.started_at, expected_at = excluded.expected_at, deadline_at = excluded.deadline_at,
			exit_code = CASE WHEN $10 THEN excluded.exit_code ELSE s.exit_code END,
			message = CASE WHEN $10 THEN excluded.message ELSE s.message END`,
		f.ID, f.Check.Revision, f.Status, zeronull.Timestamptz(f.PingedAt), zeronull.Timestamptz(f.StartedAt),
		zeronull.Timestamptz(f.ExpectedAt), zeronull.Timestamptz(f.DeadlineAt),
		said.ExitCode, said.Message, ping != nil, zeronull.Timestamptz(f.EndedAt))
	return err
}

// verdict is how it stands with the alerts of a check, by what was heard until at.
func (f *found) verdict(at time.Time) alertstore.Verdict {
	failing := alert.Finding{Kind: carillon.AlertFailing}
	if f.Status == carillon.CheckFailed && !f.Paused {
		failing.Level, failing.Reason = alert.Firing, "the job said that it has failed"
	}
	overdue := alert.Finding{Kind: carillon.AlertOverdue}
	if f.Overdue(at) {
		overdue.Level = alert.Firing
		overdue.Reason = "expected at " + f.ExpectedAt.Format(time.RFC3339) + ", last heard of at " + f.PingedAt.Format(time.RFC3339)
		if f.ExpectedAt.Equal(f.StartedAt) {
			overdue.Reason = "began at " + f.StartedAt.Format(time.RFC3339) + ", and has not said that it ended"
		}
	}
	return alertstore.Verdict{
		Object:   alertstore.Object{Sort: "check", ID: f.ID, Namespace: f.Namespace, Name: f.Name, Labels: f.labels},
		Findings: []alert.Finding{failing, overdue},
	}
}
