package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/spf13/cobra"
)

const (
	// completionPatience is how long somebody who has pressed the tab key waits.
	completionPatience = 2 * time.Second
	// mostCompletions is more than anybody reads.
	mostCompletions = 200
)

// completer finds what an unfinished word may become.
type completer func(ctx context.Context, server *client.Client, word string) ([]string, error)

// completedArguments are asked of the server, by what the use line of a command calls
// its first argument; completedFlags by the names of flags, listedFlags are known.
var (
	completedArguments = map[string]completer{
		"JOB": jobNames, "QUEUE": queueNames, "KEY": keyNames, "CHECK": checkNames, "SECRET": secretNames,
	}
	completedFlags = map[string]completer{"job": jobNames, "queue": queueNames, "namespace": namespaceNames, "namespaces": namespaceNames}
	listedFlags    = map[string][]string{
		"output": formats, "role": {"viewer", "operator", "editor", "admin"}, "state": textsOf(carillon.States()),
		"kind": {"schedule", "manual", "backfill"},
	}
)

func textsOf[T ~string](values []T) (texts []string) {
	for _, value := range values {
		texts = append(texts, string(value))
	}
	return texts
}

// complete teaches a command, and all below it, to complete what is typed.
func complete(cmd *cobra.Command) {
	if words := strings.Fields(cmd.Use); len(words) > 1 && completedArguments[words[1]] != nil {
		find := ask(completedArguments[words[1]])
		cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return find(cmd, args, word)
		}
	}
	for name, find := range completedFlags {
		completeFlag(cmd, name, ask(find))
	}
	for name, values := range listedFlags {
		completeFlag(cmd, name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	completeFlag(cmd, "context", contextNames)
	for _, below := range cmd.Commands() {
		complete(below)
	}
}

func completeFlag(cmd *cobra.Command, name string, find cobra.CompletionFunc) {
	if flag := cmd.Flags().Lookup(name); flag != nil && flag.Value.Type() != "bool" {
		_ = cmd.RegisterFlagCompletionFunc(name, find) // the first one counts: a command may know better
	}
}

// ask finds what the server knows that a command would ask. Without an answer in
// time there is nothing: whoever types is not to be disturbed.
func ask(find completer) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), completionPatience)
		defer cancel()
		server, err := connectionOf(cmd).client()
		var found []string
		if err == nil {
			found, err = find(ctx, server, word)
		}
		if err != nil {
			cobra.CompDebugln(err.Error(), false)
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		found = slices.DeleteFunc(found, func(text string) bool { return !strings.HasPrefix(text, word) })
		if slices.ContainsFunc(found, func(text string) bool { return strings.HasSuffix(text, "/") }) {
			return found, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// connectionOf is what the flags of a command say so far.
func connectionOf(cmd *cobra.Command) *connection {
	text := func(name string) string {
		if flag := cmd.Flags().Lookup(name); flag != nil {
			return flag.Value.String()
		}
		return ""
	}
	return &connection{server: text("server"), key: text("key"), context: text("context"), dataDir: text("data-dir")}
}

// jobNames are those of a namespace, once that is typed; till then the namespaces,
// and the jobs of the namespace default, which need none.
func jobNames(ctx context.Context, server *client.Client, word string) (names []string, err error) {
	namespace, name, typed := strings.Cut(word, "/")
	if !typed {
		namespace, name = client.Qualified(word)
		spaces, err := namespaceNames(ctx, server, word)
		if err != nil {
			return nil, err
		}
		for _, space := range spaces {
			names = append(names, space+"/")
		}
	}
	jobs, _, err := client.List[carillon.Job](ctx, server, "/jobs", filters("namespace", namespace, "q", name), mostCompletions)
	for _, job := range jobs {
		if typed {
			job.Name = namespace + "/" + job.Name
		}
		names = append(names, job.Name)
	}
	return names, err
}

func namespaceNames(ctx context.Context, server *client.Client, _ string) ([]string, error) {
	return namesOf(ctx, server, "/namespaces", mostCompletions, func(n client.Namespace) string { return n.Name })
}

func queueNames(ctx context.Context, server *client.Client, _ string) ([]string, error) {
	return namesOf(ctx, server, "/queues", 0, func(q carillon.Queue) string { return q.Name })
}

func keyNames(ctx context.Context, server *client.Client, _ string) ([]string, error) {
	return namesOf(ctx, server, "/keys", mostCompletions, func(k client.Key) string { return k.Name })
}

func checkNames(ctx context.Context, server *client.Client, _ string) ([]string, error) {
	return namesOf(ctx, server, "/checks", mostCompletions, func(c client.Check) string { return c.Namespace + "/" + c.Name })
}

func secretNames(ctx context.Context, server *client.Client, _ string) ([]string, error) {
	return namesOf(ctx, server, "/secrets", mostCompletions, func(s client.Secret) string { return s.Namespace + "/" + s.Name })
}

func namesOf[T any](ctx context.Context, server *client.Client, path string, most int, name func(T) string) (names []string, err error) {
	items, _, err := client.List[T](ctx, server, path, nil, most)
	for _, item := range items {
		names = append(names, name(item))
	}
	return names, err
}
