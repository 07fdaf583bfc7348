package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/spf13/cobra"
)

func forecastCommand() *cobra.Command {
	var a asking
	var namespace string
	var hours int
	cmd := &cobra.Command{
		Use: "forecast", Short: "Show how many fires are to come, and where they will wait", Args: cobra.NoArgs,
		Long: `Show how many fires are to come, in all, by queue and by host, and how long they will
wait for a slot of their queue. The waits are predicted from the mean duration of
the queue's latest runs. Of a namespace, they are those without all other jobs.`,
		Example: `  carillon forecast
  carillon forecast --namespace billing --hours 24
  carillon forecast -o json | jq '.queues[] | {queue, longest_wait_seconds}'`,
	}
	cmd.Flags().StringVar(&namespace, "namespace", "", "only jobs of this namespace")
	cmd.Flags().IntVar(&hours, "hours", 6, "how far to look, from 1 to 24")
	return a.command(cmd, func(cmd *cobra.Command, server *client.Client, _ []string) error {
		var faults fault.Faults
		if hours < 1 || hours > 24 {
			faults.Add("--hours", "must be from 1 to 24, not %d", hours)
			return listed("cannot look so far", faults)
		}
		var found client.Forecast
		query := filters("namespace", namespace, "hours", strconv.Itoa(hours))
		done := busy(cmd.ErrOrStderr(), "counting")
		err := server.Do(cmd.Context(), http.MethodGet, "/forecast?"+query.Encode(), nil, &found)
		done()
		if err != nil {
			return err
		}
		return write(cmd.OutOrStdout(), a.output, found, forecastTable{found}.write)
	})
}

const (
	barRows  = 24 // of the picture of a forecast, at most
	barWidth = 50
	topHosts = 10
)

// forecastTable shows a forecast to a person: a picture, then queues and hosts.
type forecastTable struct{ client.Forecast }

func (t forecastTable) write(out io.Writer) error {
	fmt.Fprintf(out, "%s from %s to %s\n\n", plural(t.Fires, "fire", "fires"), clockOf(t.From), clockOf(t.To))
	if !t.Complete {
		fmt.Fprint(out, "There are more fires than a forecast counts, so it ends earlier than was asked.\n\n")
	}
	for _, section := range [][][]string{t.bars(), t.queues(), t.hosts()} {
		if err := columns(out, section); err != nil {
			return err
		}
	}
	return nil
}

// bars draws the fires of each stretch of the window, all as long as each other but
// perhaps the last.
func (t forecastTable) bars() [][]string {
	if t.Fires == 0 {
		return nil
	}
	step := stretch(len(t.PerMinute))
	var sums []int
	most := 1
	for i, n := range t.PerMinute {
		if i%step == 0 {
			sums = append(sums, 0)
		}
		sums[len(sums)-1] += n
		most = max(most, sums[len(sums)-1])
	}
	rows := [][]string{{"FROM", "FIRES"}}
	for i, n := range sums {
		from := t.From.Add(time.Duration(i*step) * time.Minute)
		rows = append(rows, []string{from.UTC().Format("15:04"), fmt.Sprintf("%*d %s", len(fmt.Sprint(most)), n, bar(n, most))})
	}
	return rows
}

// stretch is how many minutes a row of the picture stands for: a length that people
// think in.
func stretch(minutes int) int {
	for _, step := range []int{1, 5, 10, 15, 30} {
		if (minutes+step-1)/step <= barRows {
			return step
		}
	}
	return 60
}

// bar is as long as its share of the most, and never empty for anything.
func bar(n, most int) string {
	if n == 0 {
		return ""
	}
	return strings.Repeat("█", max(1, n*barWidth/most))
}

func (t forecastTable) queues() (rows [][]string) {
	for i, q := range t.Queues {
		if i == 0 {
			rows = append(rows, []string{"QUEUE", "FIRES", "SLOTS", "A RUN TAKES", "LONGEST WAIT"})
		}
		rows = append(rows, []string{q.Queue, fmt.Sprint(q.Fires), fmt.Sprint(q.Concurrency), lengthOf(q.RunSeconds), lengthOf(q.LongestWait)})
	}
	return rows
}

func (t forecastTable) hosts() (rows [][]string) {
	for i, e := range t.Endpoints {
		if i == topHosts {
			return append(rows, []string{fmt.Sprintf("… and more; -o json lists %d", len(t.Endpoints))})
		}
		if i == 0 {
			rows = append(rows, []string{"HOST", "FIRES"})
		}
		rows = append(rows, []string{e.Endpoint, fmt.Sprint(e.Fires)})
	}
	return rows
}

// lengthOf is a length of time for a table, if it is known.
func lengthOf(seconds *float64) string {
	if seconds == nil {
		return "unknown"
	}
	return short(carillon.Duration(*seconds * float64(time.Second)))
}
