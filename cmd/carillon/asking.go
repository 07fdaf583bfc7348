package main

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/spf13/cobra"
)

// asking is what all commands have in common that ask a server: where it is, and
// how its answer is written.
type asking struct {
	connection
	output string
}

// command completes a command that asks: with the flags, and what it does with a
// server that can be asked.
func (a *asking) command(cmd *cobra.Command, run func(cmd *cobra.Command, server *client.Client, args []string) error) *cobra.Command {
	a.connection.define(cmd)
	defineOutput(cmd, &a.output)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var faults fault.Faults
		if checkOutput(a.output, &faults); len(faults) > 0 {
			return listed("cannot do this", faults)
		}
		server, err := a.client()
		if err != nil {
			return err
		}
		return run(cmd, server, args)
	}
	return cmd
}

// show writes one value; as a table, rows below each other.
func (a *asking) show(cmd *cobra.Command, value any, rows [][]string) error {
	return write(cmd.OutOrStdout(), a.output, value, gridOf(rows))
}

// remove deletes something and says so.
func (a *asking) remove(cmd *cobra.Command, server *client.Client, path, what string) error {
	if err := server.Do(cmd.Context(), http.MethodDelete, path, nil, nil); err != nil {
		return err
	}
	return a.show(cmd, map[string]string{"deleted": what}, [][]string{{"deleted", what}})
}

// listing is a list that is asked for: where, which and how many of its items, and
// how a table shows one.
type listing[T any] struct {
	path  string
	query url.Values
	most  int
	head  []string
	row   func(T) []string
}

// show asks for a list and writes it. A program gets an array of its items.
func (l listing[T]) show(cmd *cobra.Command, a *asking, server *client.Client) error {
	items, more, err := client.List[T](cmd.Context(), server, l.path, l.query, l.most)
	if err != nil {
		return err
	}
	rows := [][]string{l.head}
	for _, item := range items {
		rows = append(rows, l.row(item))
	}
	if err := a.show(cmd, append([]T{}, items...), rows); err != nil {
		return err
	}
	if more {
		fmt.Fprintf(cmd.ErrOrStderr(), "There are more than these %d: see them with a larger --limit, or fewer with another filter.\n", len(items))
	}
	return nil
}

// defineLimit is the flag of a long list.
func defineLimit(cmd *cobra.Command, most *int) {
	cmd.Flags().IntVar(most, "limit", 50, "most items, from 1 on")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if *most < 1 {
			return fmt.Errorf("--limit: must be from 1 on, not %d", *most)
		}
		return nil
	}
}

// filters makes a query of flags; what is empty does not filter.
func filters(pairs ...string) url.Values {
	query := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	return query
}
