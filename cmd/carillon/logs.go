package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/lull"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/spf13/cobra"
)

// logsRequest is what of the live feed is wanted.
type logsRequest struct {
	asking
	follow                bool
	namespace, job, label string
	states, kinds         []string
	since                 int64 // sequence of the last event that was seen; -1 for none
}

func logsCommand() *cobra.Command {
	var r logsRequest
	cmd := &cobra.Command{
		Use: "logs -f", Short: "Follow runs as they happen, a line for each event", Args: cobra.NoArgs,
		Long: `Follow runs as they happen, a line for each event: queued, started, attempted,
finished. A run that ends at once has the last alone. A connection that is lost is
made again, and goes on after the last event seen.

With -o json, each line is an event as the API sends it; its seq is what --since
takes to go on after it.`,
		Example: `  carillon logs -f --namespace billing --label team=billing
  carillon logs -f --state failed,lost
  carillon logs -f --job billing/invoices -o json | jq -r .run.reason`,
	}
	flags := cmd.Flags()
	flags.BoolVarP(&r.follow, "follow", "f", false, "follow, until you end it")
	flags.StringVar(&r.namespace, "namespace", "", "only runs of this namespace")
	flags.StringVar(&r.job, "job", "", "only runs of this job: an id, namespace/name, or a name in the namespace default")
	flags.StringVar(&r.label, "label", "", "only runs of jobs with all these labels, such as team=billing,env=prod")
	flags.StringSliceVar(&r.states, "state", nil, "only events that bring a run to this state; may be given several times")
	flags.StringSliceVar(&r.kinds, "kind", nil, "only runs of this kind: schedule, manual or backfill; may be given several times")
	flags.Int64Var(&r.since, "since", -1, "begin after the event with this sequence (default with what comes next)")
	return r.command(cmd, r.run)
}

func (r *logsRequest) run(cmd *cobra.Command, server *client.Client, _ []string) error {
	switch {
	case !r.follow:
		return errors.New("these are runs as they happen, so give -f; those of the past are in carillon runs list")
	case r.output == "yaml":
		return errors.New("--output: must be table or json: an event is a line")
	}
	query, err := r.query(cmd, server)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	for first := true; ; first = false {
		err := r.read(cmd, server, query, first)
		switch {
		case ctx.Err() != nil:
			return nil
		case !errors.Is(err, errFeedLost) || !passing(err):
			return err
		}
		lull.For(ctx, pollEvery)
	}
}

// errFeedLost is how a feed ends that may go on.
var errFeedLost = errors.New("the feed was lost")

func (r *logsRequest) query(cmd *cobra.Command, server *client.Client) (url.Values, error) {
	query := filters("namespace", r.namespace, "label", r.label)
	for name, values := range map[string][]string{"state": r.states, "kind": r.kinds} {
		if len(values) > 0 {
			query[name] = values
		}
	}
	if r.job == "" {
		return query, nil
	}
	id, err := server.FindJob(cmd.Context(), r.job)
	query.Set("job_id", id.String())
	return query, err
}

// read shows events until the feed ends. Where it cannot even begin the first time,
// there is nothing to go on with.
func (r *logsRequest) read(cmd *cobra.Command, server *client.Client, query url.Values, first bool) error {
	query.Set("since", strconv.FormatInt(r.since, 10))
	feed, err := server.Follow(cmd.Context(), query)
	if err != nil && !first {
		return fmt.Errorf("%w: %w", errFeedLost, err)
	}
	if err != nil {
		return err
	}
	defer feed.Close()
	for {
		event, err := feed.Next()
		if err != nil {
			r.tell(cmd, err)
			return fmt.Errorf("%w: %w", errFeedLost, err)
		}
		if err := r.line(cmd, event); err != nil {
			return err
		}
		r.since = int64(event.Sequence)
	}
}

// tell says that there is a gap, and whether it will be filled.
func (r *logsRequest) tell(cmd *cobra.Command, err error) {
	if cmd.Context().Err() != nil || !passing(err) {
		return
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "Connecting again: %v.\n", err)
	if r.since < 0 {
		fmt.Fprintln(cmd.ErrOrStderr(), "No event was seen yet, so those of the meantime will be missing.")
	}
}

func (r *logsRequest) line(cmd *cobra.Command, event client.Event) error {
	if r.output == "json" {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(event)
	}
	if event.Type == "reset" {
		_, err := fmt.Fprintf(cmd.ErrOrStderr(), "Events up to %d are missing: %s. See carillon runs list.\n", event.Sequence, brief(event.Reason))
		return err
	}
	_, err := io.WriteString(cmd.OutOrStdout(), lineOf(event.Run)+"\n")
	return err
}

// lineOf says in a line what has become of a run.
func lineOf(o wire.Outcome) string {
	at, status := o.PlannedAt, ""
	if o.Attempt != nil && o.Attempt.Status > 0 {
		status = fmt.Sprint(o.Attempt.Status)
	}
	for _, later := range []time.Time{o.StartedAt, o.FinishedAt} {
		if later.After(at) {
			at = later
		}
	}
	return strings.TrimRight(fmt.Sprintf("%s  %-9s  %s/%s  %s  attempt %d  %3s  %s  %s", at.UTC().Format("2006-01-02T15:04:05.000Z"),
		o.State, o.Namespace, o.Job, o.Kind, o.Attempts, status, o.RunID, brief(o.Reason)), " ")
}
