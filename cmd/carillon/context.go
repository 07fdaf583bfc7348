package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/spf13/cobra"
)

func contextCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "context", Short: "Keep several servers and their keys, and choose among them",
		Long: `Keep several servers and their keys, and choose among them. They are in a file that
only you can read, carillon/contexts.json in the folder of your settings.

Which server a command asks: --server or --context, else CARILLON_SERVER, else
CARILLON_CONTEXT, else the context in use, else ` + defaultServer + `.`,
	}
	cmd.AddCommand(addContextCommand(), useContextCommand(), listContextsCommand(), deleteContextCommand())
	return cmd
}

func addContextCommand() *cobra.Command {
	var server, file string
	cmd := &cobra.Command{
		Use: "add NAME --server ADDRESS", Short: "Keep a server and its key, or others in their place", Args: cobra.ExactArgs(1),
		Long: `Keep a server and its key, or others in their place. The key comes from a file or
from standard input, where a terminal does not show it; it is no argument, for others
could read that. The first context is in use at once.`,
		Example: `  carillon context add production --server https://carillon.example.com
  pass show carillon | carillon context add production --server https://carillon.example.com
  carillon context add local --server http://127.0.0.1:8470 --from-file ~/.local/share/carillon/admin.key`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := parseServer(server); err != nil || args[0] == "" {
				return cmp.Or(err, fmt.Errorf("a context needs a name"))
			}
			key, err := readSecret(cmd, file, false)
			if err != nil {
				return err
			}
			return changeContexts(cmd, func(book *contextBook) error {
				book.Contexts[args[0]] = contextPage{server, key}
				book.Current = cmp.Or(book.Current, args[0])
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&server, "server", "", "address of the server")
	cmd.Flags().StringVar(&file, "from-file", "", "file with the key (default standard input)")
	_ = cmd.MarkFlagRequired("server") // it exists
	return cmd
}

// changeContexts changes the book, and shows what it says then.
func changeContexts(cmd *cobra.Command, change func(*contextBook) error) error {
	book, err := openContexts()
	if err != nil {
		return err
	}
	if err := change(book); err != nil {
		return err
	}
	if err := book.save(); err != nil {
		return err
	}
	return showContexts(cmd, book, formats[0])
}

func useContextCommand() *cobra.Command {
	return &cobra.Command{
		Use: "use NAME", Short: "Ask this server from now on", Args: cobra.ExactArgs(1), ValidArgsFunction: contextNames,
		Example: `  carillon context use production`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return changeContexts(cmd, func(book *contextBook) error {
				book.Current = args[0]
				_, err := book.choose(args[0])
				return err
			})
		},
	}
}

func listContextsCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use: "list", Short: "List contexts, never their keys", Args: cobra.NoArgs,
		Example: `  carillon context list
  carillon context list -o json | jq -r '.[] | select(.in_use) | .server'`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var faults fault.Faults
			if checkOutput(output, &faults); len(faults) > 0 {
				return listed("cannot do this", faults)
			}
			book, err := openContexts()
			if err != nil {
				return err
			}
			return showContexts(cmd, book, output)
		},
	}
	defineOutput(cmd, &output)
	return cmd
}

func showContexts(cmd *cobra.Command, book *contextBook, output string) error {
	type shownContext struct {
		Name   string `json:"name"`
		Server string `json:"server"`
		InUse  bool   `json:"in_use"`
	}
	all, rows := []shownContext{}, [][]string{{"IN USE", "NAME", "SERVER"}}
	for _, name := range slices.Sorted(maps.Keys(book.Contexts)) {
		one := shownContext{name, book.Contexts[name].Server, name == book.Current}
		all, rows = append(all, one), append(rows, []string{yes(one.InUse), one.Name, one.Server})
	}
	if name := os.Getenv("CARILLON_CONTEXT"); name != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "CARILLON_CONTEXT is set: commands use %q.\n", name)
	}
	return write(cmd.OutOrStdout(), output, all, gridOf(rows))
}

func deleteContextCommand() *cobra.Command {
	return &cobra.Command{
		Use: "delete NAME", Short: "Forget a server and its key, which stays valid", Args: cobra.ExactArgs(1), ValidArgsFunction: contextNames,
		Example: `  carillon context delete staging`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return changeContexts(cmd, func(book *contextBook) error {
				_, err := book.choose(args[0])
				delete(book.Contexts, args[0])
				if book.Current == args[0] {
					book.Current = ""
				}
				return err
			})
		},
	}
}

// contextNames completes the name of a context.
func contextNames(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	book, err := openContexts()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return slices.Sorted(maps.Keys(book.Contexts)), cobra.ShellCompDirectiveNoFileComp
}
