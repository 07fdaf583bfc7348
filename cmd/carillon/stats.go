package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/spf13/cobra"
)

func statsCommand() *cobra.Command {
	var a asking
	return a.command(&cobra.Command{
		Use: "stats JOB", Short: "Show the statistics of a job's runs", Args: cobra.ExactArgs(1),
		Long: `Show the statistics of a job's runs, without its backfills; of a deleted job by its
id, for 30 days. A run of a week ago has half the weight of one of now, under
"recent" one of an hour ago.`,
		Example: `  carillon stats nightly-report
  carillon stats billing/invoices -o json | jq .duration.p99`,
	}, func(cmd *cobra.Command, server *client.Client, args []string) error {
		id, err := server.FindJob(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		var stats client.Stats
		if err := server.Do(cmd.Context(), http.MethodGet, "/jobs/"+id.String()+"/stats", nil, &stats); err != nil {
			return err
		}
		return a.show(cmd, stats, statsRows(stats))
	})
}

// statsRows are those that say something.
func statsRows(s client.Stats) [][]string {
	rows := [][]string{{"job", s.JobID.String()}}
	for _, state := range carillon.States() {
		if n := s.Counts[state]; n > 0 {
			rows = append(rows, []string{string(state), fmt.Sprint(n)})
		}
	}
	if len(rows) == 1 {
		return append(rows, []string{"runs", "none has ended yet"})
	}
	switch {
	case s.FailureStreak > 0:
		rows = append(rows, []string{"now", plural(s.FailureStreak, "failure", "failures") + " in a row"})
	case s.SuccessStreak > 0:
		rows = append(rows, []string{"now", plural(s.SuccessStreak, "success", "successes") + " in a row"})
	}
	for _, last := range []struct {
		name string
		run  *client.LastRun
	}{{"last run", s.LastRun}, {"last success", s.LastSuccess}} {
		if last.run != nil {
			rows = append(rows, []string{last.name, lastOf(last.run)})
		}
	}
	if s.FailureShare != nil {
		rows = append(rows, []string{"failing", percent(s.FailureShare) + ", recently " + percent(s.Recent.FailureShare)})
	}
	rows = append(rows, spreadRow("duration", s.Duration)...)
	return append(rows, spreadRow("lateness", s.Lateness)...)
}

func lastOf(r *client.LastRun) string {
	text := r.FireTime.Format(time.RFC3339)
	if r.State != "" {
		text += " " + string(r.State)
	}
	return text + " " + r.ID.String()
}

// percent is a share for a table.
func percent(share *float64) string {
	if share == nil {
		return "unknown"
	}
	return fmt.Sprintf("%.1f %%", 100**share)
}

func spreadRow(name string, s *client.Spread) [][]string {
	if s == nil {
		return nil
	}
	return [][]string{{name, fmt.Sprintf("%s on average; p50 %s, p90 %s, p99 %s", short(s.Mean), short(s.P50), short(s.P90), short(s.P99))}}
}

// short is a duration without what nobody reads.
func short(d carillon.Duration) string {
	length := time.Duration(d)
	switch {
	case length >= time.Minute:
		length = length.Round(time.Second)
	case length >= time.Second:
		length = length.Round(10 * time.Millisecond)
	case length >= time.Millisecond:
		length = length.Round(100 * time.Microsecond)
	}
	return carillon.Duration(length).String()
}
