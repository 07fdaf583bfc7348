package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/spf13/cobra"
)

func queuesCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "queues", Short: "List, set, pause, resume and delete queues"}
	cmd.AddCommand(listQueuesCommand(), setQueueCommand(), turnQueueCommand("pause", "Start no more calls from a queue; its runs wait"),
		turnQueueCommand("resume", "Resume a paused queue"), deleteQueueCommand())
	return cmd
}

func listQueuesCommand() *cobra.Command {
	var a asking
	return a.command(&cobra.Command{
		Use: "list", Short: "List queues, by name", Args: cobra.NoArgs,
		Example: `  carillon queues list`,
	}, func(cmd *cobra.Command, server *client.Client, _ []string) error {
		return listing[carillon.Queue]{"/queues", nil, 0, queueHead, queueRow}.show(cmd, &a, server)
	})
}

var queueHead = []string{"QUEUE", "CONCURRENCY", "WEIGHT", "RATE", "PAUSED", "HOSTS"}

func queueRow(q carillon.Queue) []string {
	rate := none
	if q.Rate != nil {
		rate = fmt.Sprintf("%d/%s, burst %d", q.Rate.Limit, q.Rate.Per, q.Rate.Burst)
	}
	hosts := make([]string, len(q.Hosts))
	for i, host := range q.Hosts {
		hosts[i] = string(host)
	}
	return []string{q.Name, strconv.Itoa(q.Concurrency), strconv.Itoa(q.Weight), rate, yes(q.Paused), strings.Join(hosts, ",")}
}

// none is how a limit is taken away.
const none = "none"

// queueRequest is what the flags make of a queue.
type queueRequest struct {
	asking
	concurrency, weight, burst int
	rate                       string
	hosts                      []string
}

func setQueueCommand() *cobra.Command {
	var r queueRequest
	cmd := &cobra.Command{
		Use: "set QUEUE", Short: "Create or change a queue", Args: cobra.ExactArgs(1),
		Long: `Create or change a queue. What is not given stays as it is; a new queue needs
--concurrency. See docs/queues.md.`,
		Example: `  carillon queues set reports --concurrency 50 --weight 3
  carillon queues set reports --rate 20/second --burst 2 --hosts api.example.com,'*.example.org'
  carillon queues set reports --rate none --hosts none`,
	}
	flags := cmd.Flags()
	flags.IntVar(&r.concurrency, "concurrency", 0, "most calls at once, over all runners")
	flags.IntVar(&r.weight, "weight", 0, "share of each runner's slots, relative to the other queues")
	flags.StringVar(&r.rate, "rate", "", "how many calls begin, over all runners, such as 20/second, 300/minute or 5000/hour; none for no limit")
	flags.IntVar(&r.burst, "burst", 0, "calls that may begin at once after a quiet time")
	flags.StringSliceVar(&r.hosts, "hosts", nil, "hosts whose calls belong here, such as api.example.com or *.example.org; none for no host")
	return r.command(cmd, r.run)
}

func (r *queueRequest) run(cmd *cobra.Command, server *client.Client, args []string) error {
	queue, err := queueNamed(cmd.Context(), server, args[0])
	if err != nil {
		return err
	}
	if err := r.change(cmd.Flags().Changed, &queue); err != nil {
		return err
	}
	if queue.Concurrency == 0 && !cmd.Flags().Changed("concurrency") {
		return fmt.Errorf("there is no queue %s: say with --concurrency how many calls it makes at once, and it is created", args[0])
	}
	var now carillon.Queue
	if err := server.Do(cmd.Context(), http.MethodPut, queuePath(args[0]), queue, &now); err != nil {
		return err
	}
	return r.show(cmd, now, [][]string{queueHead, queueRow(now)})
}

// queueNamed is a queue as it is; one that is new has its name alone.
func queueNamed(ctx context.Context, server *client.Client, name string) (carillon.Queue, error) {
	queues, _, err := client.List[carillon.Queue](ctx, server, "/queues", nil, 0)
	for _, queue := range queues {
		if queue.Name == name {
			return queue, nil
		}
	}
	return carillon.Queue{Name: name, Weight: 1}, err
}

// change makes of a queue what the flags say that are given.
func (r *queueRequest) change(given func(string) bool, queue *carillon.Queue) error {
	var faults fault.Faults
	if given("concurrency") {
		queue.Concurrency = r.concurrency
	}
	if given("weight") {
		queue.Weight = r.weight
	}
	if given("rate") {
		queue.Rate = readRate(r.rate, &faults)
	}
	switch {
	case given("burst") && queue.Rate != nil:
		rate := *queue.Rate
		rate.Burst = r.burst
		queue.Rate = &rate
	case given("burst"):
		faults.Add("--burst", "needs a --rate")
	}
	if given("hosts") {
		queue.Hosts = readHosts(r.hosts)
	}
	if len(faults) > 0 {
		return listed("cannot set this", faults)
	}
	return nil
}

// readRate reads a rate like 20/second; nil is no limit.
func readRate(text string, faults *fault.Faults) *carillon.Rate {
	if text == none {
		return nil
	}
	limit, per, _ := strings.Cut(text, "/")
	n, err := strconv.Atoi(limit)
	rate := carillon.Rate{Limit: n, Per: carillon.Period(per)}
	if err != nil || !rate.Per.Valid() {
		faults.Add("--rate", "must look like 20/second, 300/minute or 5000/hour, or be none, not %.40q", text)
	}
	return &rate
}

func readHosts(names []string) []carillon.Host {
	if slices.Equal(names, []string{none}) {
		return nil
	}
	hosts := make([]carillon.Host, len(names))
	for i, name := range names {
		hosts[i] = carillon.Host(name)
	}
	return hosts
}

func turnQueueCommand(verb, short string) *cobra.Command {
	var a asking
	return a.command(&cobra.Command{
		Use: verb + " QUEUE", Short: short, Args: cobra.ExactArgs(1),
		Example: "  carillon queues " + verb + " reports",
	}, func(cmd *cobra.Command, server *client.Client, args []string) error {
		var now carillon.Queue
		if err := server.Do(cmd.Context(), http.MethodPost, queuePath(args[0])+"/"+verb, nil, &now); err != nil {
			return err
		}
		return a.show(cmd, now, [][]string{queueHead, queueRow(now)})
	})
}

func deleteQueueCommand() *cobra.Command {
	var a asking
	return a.command(&cobra.Command{
		Use: "delete QUEUE", Short: "Delete a queue that no job uses and no run is in", Args: cobra.ExactArgs(1),
		Example: `  carillon queues delete reports`,
	}, func(cmd *cobra.Command, server *client.Client, args []string) error {
		return a.remove(cmd, server, queuePath(args[0]), "queue "+args[0])
	})
}

func queuePath(name string) string { return "/queues/" + url.PathEscape(name) }
