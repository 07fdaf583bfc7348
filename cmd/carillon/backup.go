package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/backup"
	"github.com/carillon-cron/carillon/cmd/carillon/internal/up"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/spf13/cobra"
)

func backupCommand() *cobra.Command {
	var withRuns bool
	var w workshop
	cmd := &cobra.Command{
		Use: "backup FILE", Short: "Write all that a Carillon knows into one file", Args: cobra.ExactArgs(1),
		Long: `Write jobs with their revisions, queues, secrets, keys, pauses, checks, alert routes,
the audit log and how far planning has come into a new file. Services may go on meanwhile.

It works on Postgres and NATS themselves, which DATABASE_URL and NATS_URL name. Without
them it is for a ` + "`carillon up`" + ` that is stopped, by its data folder. Secrets are in the
file as they are stored, sealed: keep the master key elsewhere, a restore needs it.`,
		Example: `  carillon backup /backups/carillon-$(date +%F).tar.gz
  carillon backup --with-runs before-the-upgrade.tar.gz`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return w.work(cmd, false, func(system backup.System) (backup.Summary, error) {
				return saveTo(cmd.Context(), system, args[0], withRuns)
			})
		},
	}
	w.define(cmd, "backing up")
	cmd.Flags().BoolVar(&withRuns, "with-runs", false, "also the ledger: all runs and their attempts")
	return cmd
}

// saveTo writes a backup to a new file, which is gone again if that fails.
func saveTo(ctx context.Context, system backup.System, path string, withRuns bool) (backup.Summary, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return backup.Summary{}, fmt.Errorf("%s exists already: give another name, or remove it", path)
	}
	if err != nil {
		return backup.Summary{}, err
	}
	summary, err := backup.Save(ctx, system, file, withRuns)
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err != nil {
		_ = os.Remove(path) // it may be gone
	}
	return summary, err
}

// workshop is what backup and restore have in common: where the servers are, and how
// the result is written.
type workshop struct {
	dataDir, output, doing string
}

func (w *workshop) define(cmd *cobra.Command, doing string) {
	w.doing = doing
	cmd.Flags().StringVar(&w.dataDir, "data-dir", defaultDataDir(), "data folder of a stopped carillon up, unless DATABASE_URL and NATS_URL are set")
	defineOutput(cmd, &w.output)
}

// work does something with a system and shows what came of it. Fresh is a system
// that may have to be made.
func (w *workshop) work(cmd *cobra.Command, fresh bool, do func(backup.System) (backup.Summary, error)) error {
	var faults fault.Faults
	if checkOutput(w.output, &faults); len(faults) > 0 {
		return listed("cannot do this", faults)
	}
	service.SetLog(8) // errors that are returned say all
	done := busy(cmd.ErrOrStderr(), w.doing)
	defer done()
	system, leave, err := w.open(cmd, fresh)
	if err != nil {
		return err
	}
	defer leave()
	summary, err := do(system)
	if err != nil {
		return err
	}
	done()
	return write(cmd.OutOrStdout(), w.output, summary, gridOf(rowsOf(summary)))
}

// open finds the servers, or starts those of the data folder.
func (w *workshop) open(cmd *cobra.Command, fresh bool) (backup.System, func(), error) {
	var config up.Config
	var settings struct{ NATS bus.Config }
	if err := errors.Join(service.Load(&config), service.Load(&settings)); err != nil {
		return backup.System{}, nil, err
	}
	switch named := config.DatabaseURL != "" || config.NATSURL != ""; {
	case config.DatabaseURL != "" && config.NATSURL != "":
		return backup.System{DatabaseURL: config.DatabaseURL, NATS: settings.NATS}, func() {}, nil
	case named && !cmd.Flags().Changed("data-dir"):
		return backup.System{}, nil, errors.New("only one of DATABASE_URL and NATS_URL is set: set the other as well, or name the data folder of a carillon up that has it, with --data-dir")
	}
	if _, err := os.Stat(filepath.Join(w.dataDir, up.KeyFile)); err != nil && !fresh {
		return backup.System{}, nil, fmt.Errorf("there is no Carillon in %s: name its folder with --data-dir, or its servers with DATABASE_URL and NATS_URL", w.dataDir)
	}
	config.DataDir = w.dataDir
	servers, err := up.OpenServers(cmd.Context(), config)
	if err != nil {
		return backup.System{}, nil, err
	}
	return backup.System{DatabaseURL: servers.DatabaseURL, NATS: servers.NATS, Folder: w.dataDir}, servers.Close, nil
}

// rowsOf is a summary for people.
func rowsOf(summary backup.Summary) [][]string {
	rows := [][]string{{"backup made at", summary.At.Format(time.RFC3339)}, {"database", summary.Database}, {"NATS", summary.NATS}}
	for _, table := range []string{"jobs", "job_revisions", "queues", "secrets", "keys", "pauses", "checks", "alert_routes", "audit_log", "runs"} {
		if n, known := summary.Rows[table]; known {
			rows = append(rows, []string{table, strconv.FormatInt(n, 10)})
		}
	}
	return rows
}
