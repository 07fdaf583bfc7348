package backup

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/archive"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/jackc/pgx/v5"
)

// Summary says how much a backup holds.
type Summary struct {
	At       time.Time        `json:"at"`       // when it was made
	Rows     map[string]int64 `json:"rows"`     // by table; runs and attempts only with the ledger
	Planning bool             `json:"planning"` // planners were at work meanwhile
	Database string           `json:"database"` // that was read or filled
	NATS     string           `json:"nats"`
}

// saving is a backup that is being made.
type saving struct {
	*connected
	file    *archive.Writer
	summary Summary
}

// Save writes a backup of a system that may be at work, with the ledger or without.
// What it has written is a backup only if it succeeds.
func Save(ctx context.Context, system System, out io.Writer, withRuns bool) (Summary, error) {
	c, err := system.connect(ctx)
	if err != nil {
		return Summary{}, err
	}
	defer c.close()
	s := &saving{connected: c, file: archive.NewWriter(out), summary: Summary{Rows: map[string]int64{}}}
	s.summary.Database, s.summary.NATS = system.servers(c.db.Config())
	if err := checkSchema(ctx, c.db, postgres.Version()); err != nil {
		return Summary{}, fmt.Errorf("%w: make the backup with the carillon that runs", err)
	}
	head := manifest{Carillon: "backup", Form: form, Schema: postgres.Version(), WithRuns: withRuns, BeganAt: time.Now().UTC()}
	if err := s.file.JSON(manifestSection, head); err != nil {
		return Summary{}, err
	}
	if err := s.saveAll(ctx, withRuns); err != nil {
		return Summary{}, err
	}
	return s.summary, s.file.Close()
}

// saveAll reads everything in the order that the package comment argues for.
func (s *saving) saveAll(ctx context.Context, withRuns bool) error {
	began, err := s.planning(ctx)
	if err != nil {
		return err
	}
	marks, err := s.readMarks(ctx)
	if err == nil {
		err = s.file.JSON(marksSection, marks)
	}
	if err == nil {
		err = s.file.Section(messagesSection, func(out io.Writer) error { return s.saveMessages(ctx, out) })
	}
	if err == nil {
		err = s.saveTables(ctx, withRuns)
	}
	if err != nil {
		return err
	}
	return s.saveEnd(ctx, began, marks)
}

// saveEnd writes how the system is now. A planner that is between two leases shows in
// its marks, or had one when the backup began.
func (s *saving) saveEnd(ctx context.Context, began bool, first []stand) error {
	var last end
	ended, err := s.planning(ctx)
	if err != nil {
		return err
	}
	if last.Marks, err = s.readMarks(ctx); err != nil {
		return err
	}
	last.Planning = began || ended || !slices.EqualFunc(first, last.Marks, func(a, b stand) bool { return a.Sequence == b.Sequence })
	last.At = time.Now().UTC()
	s.summary.At, s.summary.Planning = last.At, last.Planning
	return s.file.JSON(endSection, last)
}

// saveTables writes all tables as of one instant.
func (s *saving) saveTables(ctx context.Context, withRuns bool) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, s.db, options, func(tx pgx.Tx) error {
		names := tables
		if withRuns {
			names = append(append([]string{}, tables...), ledgerTables...)
		}
		// Before the instant is taken, so that no table changes its form after it, and
		// no day of the ledger is dropped.
		if _, err := tx.Exec(ctx, `LOCK TABLE `+strings.Join(append(append([]string{}, names...), days...), ", ")+` IN ACCESS SHARE MODE`); err != nil {
			return fmt.Errorf("lock the tables: %w", err)
		}
		if err := checkSchema(ctx, tx, postgres.Version()); err != nil {
			return fmt.Errorf("a newer carillon was started meanwhile: %w", err)
		}
		for _, name := range names {
			if err := s.copyOut(ctx, tx, tablePrefix+name, name, name); err != nil {
				return err
			}
		}
		if withRuns {
			return s.saveLedger(ctx, tx)
		}
		return nil
	})
}

// saveLedger writes the ledger day by day.
func (s *saving) saveLedger(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `SELECT right(relname, 8) FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
		WHERE inhparent = 'runs'::regclass ORDER BY relname`)
	if err != nil {
		return fmt.Errorf("list the days of the ledger: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, day := range all {
		begin, err := time.Parse(dayForm, day)
		if err != nil {
			return fmt.Errorf("a part of the ledger is not called after its day: %w", err)
		}
		for _, table := range days {
			part := fmt.Sprintf(`(SELECT * FROM %s WHERE fire_time >= '%s' AND fire_time < '%s')`,
				table, begin.Format(time.RFC3339), begin.AddDate(0, 0, 1).Format(time.RFC3339))
			if err := s.copyOut(ctx, tx, table+"/"+day, table, part); err != nil {
				return err
			}
		}
	}
	return nil
}

// dayForm is how the parts of the ledger are called.
const dayForm = "20060102"

func (s *saving) copyOut(ctx context.Context, tx pgx.Tx, section, table, source string) error {
	return s.file.Section(section, func(out io.Writer) error {
		tag, err := tx.Conn().PgConn().CopyTo(ctx, out, `COPY `+source+` TO STDOUT`)
		s.summary.Rows[table] += tag.RowsAffected()
		if err != nil {
			return fmt.Errorf("copy %s: %w", section, err)
		}
		return nil
	})
}
