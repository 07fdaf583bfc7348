package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/carillon-cron/carillon/services/gateway"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/spf13/cobra"
)

func resyncCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use: "resync", Short: "Tell planners and runners anew what they have lost of the definitions", Args: cobra.NoArgs,
		Long: `Tell planners and runners anew what they have lost of the definitions: compare the
stream JOBS with Postgres, and have the gateways publish what differs. Each gateway
does so when it starts, and carillon up as well; this is for a stream that was lost or
restored under their feet. It may run at any time, and finds nothing the second time.

It needs NATS_URL and DATABASE_URL as the services have them; and CARILLON_REPLICAS,
which only counts if the streams have to be made.`,
		Example: `  NATS_URL=nats://nats:4222 DATABASE_URL=postgres://carillon@db/carillon carillon resync`,
	}
	defineOutput(cmd, &output)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var faults fault.Faults
		if checkOutput(output, &faults); len(faults) > 0 {
			return listed("cannot do this", faults)
		}
		if os.Getenv("NATS_URL") == "" || os.Getenv("DATABASE_URL") == "" {
			return errors.New("set NATS_URL and DATABASE_URL as the services have them")
		}
		var config gateway.ResyncConfig
		if err := service.Load(&config); err != nil {
			return err
		}
		done := busy(cmd.ErrOrStderr(), "comparing")
		mended, err := gateway.Resync(cmd.Context(), config)
		done()
		if err != nil {
			return fmt.Errorf("%w; carillon doctor says what is wrong with NATS and Postgres", err)
		}
		counts := map[string]int{"jobs": mended.Jobs, "queues": mended.Queues, "pauses": mended.Pauses, "secrets": mended.Secrets}
		return write(cmd.OutOrStdout(), output, counts, gridOf([][]string{
			{"jobs", fmt.Sprint(mended.Jobs)}, {"queues", fmt.Sprint(mended.Queues)},
			{"pauses", fmt.Sprint(mended.Pauses)}, {"secrets", fmt.Sprint(mended.Secrets)},
		}))
	}
	return cmd
}
