package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/doctor"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/carillon-cron/carillon/shared/service"
	"github.com/spf13/cobra"
)

// errUnwell is how a look ends that has found something to mend.
var errUnwell = errors.New("something has to be mended")

// doctorRequest is what to look at.
type doctorRequest struct {
	connection
	only   []string
	output string
}

// organs are what can be looked at.
var organs = []string{"server", "nats", "postgres"}

func doctorCommand() *cobra.Command {
	var r doctorRequest
	cmd := &cobra.Command{
		Use: "doctor", Short: "Look for what is wrong with a system, and say what to do", Args: cobra.NoArgs,
		Long: `Look for what is wrong with a system, and say what to do. It changes nothing, and
works when everything is down.

It asks a server what it waits for and what it knows to be wrong. Whoever runs the
system looks behind it as well: with NATS_URL at NATS, the streams and consumers, at
planners, runners and recorders; with DATABASE_URL at Postgres, the schema, the
connections and the outbox. Set CARILLON_REPLICAS as the services have it.

Ends with 0 if nothing has to be mended, and with 1 if something has.`,
		Example: `  carillon doctor
  carillon doctor --context production -o json | jq -r '.[] | select(.state == "fail") | .do'
  NATS_URL=nats://nats:4222 DATABASE_URL=postgres://carillon@db/carillon carillon doctor --only nats,postgres`,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.run(cmd) },
	}
	r.connection.define(cmd)
	cmd.Flags().StringSliceVar(&r.only, "only", nil, "look only at these: server, nats, postgres (default all that can be)")
	completeFlag(cmd, "only", cobra.FixedCompletions(organs, cobra.ShellCompDirectiveNoFileComp))
	defineOutput(cmd, &r.output)
	return cmd
}

func (r *doctorRequest) run(cmd *cobra.Command) error {
	var faults fault.Faults
	checkOutput(r.output, &faults)
	for _, name := range r.only {
		oneOf("--only", name, &faults, organs...)
	}
	if len(faults) > 0 {
		return listed("cannot do this", faults)
	}
	done := busy(cmd.ErrOrStderr(), "looking")
	findings := r.examine(cmd.Context())
	done()
	if err := write(cmd.OutOrStdout(), r.output, findings, gridOf(findingRows(findings))); err != nil {
		return err
	}
	if doctor.Failed(findings) {
		return errUnwell
	}
	return nil
}

// examine looks at all at once, for each may take its time to be away.
func (r *doctorRequest) examine(ctx context.Context) []doctor.Finding {
	parts := make([][]doctor.Finding, len(organs))
	var looking sync.WaitGroup
	for i, look := range []func(context.Context) []doctor.Finding{r.lookAtServer, r.lookAtNATS, r.lookAtPostgres} {
		if len(r.only) == 0 || slices.Contains(r.only, organs[i]) {
			looking.Go(func() { parts[i] = look(ctx) })
		}
	}
	looking.Wait()
	return slices.Concat(parts...)
}

func (r *doctorRequest) lookAtServer(ctx context.Context) []doctor.Finding {
	address, _, err := r.place()
	if err == nil {
		_, err = parseServer(address)
	}
	if err != nil {
		return []doctor.Finding{{Part: "server", State: doctor.Fail, Says: err.Error(), Do: "correct --server, CARILLON_SERVER or the context"}}
	}
	server, err := r.client()
	return doctor.Server(ctx, strings.TrimSuffix(address, "/"), server, err)
}

func (r *doctorRequest) lookAtNATS(ctx context.Context) []doctor.Finding {
	if os.Getenv("NATS_URL") == "" {
		return r.unset("nats", "NATS_URL")
	}
	var config bus.Config
	if err := service.Load(&config); err != nil {
		return []doctor.Finding{{Part: "nats", State: doctor.Fail, Says: err.Error(), Do: "correct it"}}
	}
	return doctor.NATS(ctx, config)
}

func (r *doctorRequest) lookAtPostgres(ctx context.Context) []doctor.Finding {
	url := os.Getenv("DATABASE_URL")
	if url == "" {
		return r.unset("postgres", "DATABASE_URL")
	}
	return doctor.Postgres(ctx, url)
}

// unset says that something was not looked at; which is wrong only if that was wanted.
func (r *doctorRequest) unset(part, variable string) []doctor.Finding {
	finding := doctor.Finding{Part: part, State: doctor.OK, Says: "not looked at: " + variable + " is not set"}
	if len(r.only) > 0 {
		finding.State, finding.Do = doctor.Fail, "set it as the services have it"
	}
	return []doctor.Finding{finding}
}

func findingRows(findings []doctor.Finding) [][]string {
	rows := [][]string{{"STATE", "PART", "WHAT"}}
	for _, f := range findings {
		rows = append(rows, []string{string(f.State), f.Part, oneLine(f.Says)})
		if f.Do != "" {
			rows = append(rows, []string{"", "", "→ " + oneLine(f.Do)})
		}
	}
	return rows
}
