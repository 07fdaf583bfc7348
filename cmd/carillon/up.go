package main

import (
	"os"
	"path/filepath"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/up"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/spf13/cobra"
)

func upCommand() *cobra.Command {
	var config up.Config
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run everything in one process",
		Long: `Run all four services in one process, with an embedded NATS server and a private
Postgres. Everything is kept under one data folder.

DATABASE_URL and NATS_URL take servers of your own instead.`,
		Example: `  carillon up --demo                                200 jobs due at the same second
  carillon up --data-dir /srv/carillon --listen 0.0.0.0:8470
  carillon up --allow-targets 10.0.0.0/8            call services in a private network`,
		Args: cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) error {
			return service.Load(&config)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			config.Out = cmd.OutOrStdout()
			return up.Run(cmd.Context(), config)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&config.DataDir, "data-dir", defaultDataDir(), "folder for everything that is kept")
	flags.StringVar(&config.Listen, "listen", "127.0.0.1:8470", "address of the API")
	flags.StringSliceVar(&config.AllowTargets, "allow-targets", nil, "private addresses that jobs may call, such as 10.0.0.0/8 (default: none)")
	flags.BoolVar(&config.Demo, "demo", false, "load 200 example jobs and show what becomes of them")
	return cmd
}

// defaultDataDir is the system's place for such data: root's own home cannot be
// entered by the user that Postgres has to run as.
func defaultDataDir() string {
	if os.Geteuid() == 0 {
		return "/var/lib/carillon"
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "carillon")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "carillon-data"
	}
	return filepath.Join(home, ".local", "share", "carillon")
}
