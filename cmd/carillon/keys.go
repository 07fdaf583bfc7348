package main

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/google/uuid"
	"github.com/spf13/cobra"
)

func keysCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "keys", Short: "List, issue and revoke API keys"}
	cmd.AddCommand(listKeysCommand(), createKeyCommand(), revokeKeyCommand())
	return cmd
}

func listKeysCommand() *cobra.Command {
	var a asking
	var most int
	cmd := &cobra.Command{
		Use: "list", Short: "List API keys, by name", Args: cobra.NoArgs,
		Example: `  carillon keys list -o json | jq -r '.[] | select(.last_used_at == null) | .name'`,
	}
	defineLimit(cmd, &most)
	return a.command(cmd, func(cmd *cobra.Command, server *client.Client, _ []string) error {
		return listing[client.Key]{
			"/keys", nil, most, []string{"NAME", "ROLE", "NAMESPACES", "EXPIRES", "LAST USED", "ID"},
			func(k client.Key) []string {
				return []string{k.Name, k.Role, namespacesOf(k.Namespaces), moment(k.ExpiresAt, "never"), moment(k.LastUsedAt, "never"), k.ID.String()}
			},
		}.show(cmd, &a, server)
	})
}

func createKeyCommand() *cobra.Command {
	var a asking
	var wanted client.WantedKey
	var expires string
	cmd := &cobra.Command{
		Use: "create NAME --role ROLE", Short: "Issue an API key, which is shown this once", Args: cobra.ExactArgs(1),
		Long: `Issue an API key. It is shown this once; stored is its hash. What is left out is that
of the key you use, which cannot grant more than it has. See docs/access.md.`,
		Example: `  carillon keys create deploy --role editor --namespaces billing --expires 90d
  carillon keys create dashboard --role viewer --rate 20 -o json | jq -r .key > dashboard.key`,
	}
	flags := cmd.Flags()
	flags.StringVar(&wanted.Role, "role", "", "viewer, operator, editor or admin")
	flags.StringSliceVar(&wanted.Namespaces, "namespaces", nil, "the namespaces that it is for")
	flags.IntVar(&wanted.Rate, "rate", 0, "most requests a second")
	flags.StringVar(&expires, "expires", "", "when it ends: an instant, or in how long, such as 90d")
	_ = cmd.MarkFlagRequired("role") // it exists
	return a.command(cmd, func(cmd *cobra.Command, server *client.Client, args []string) (err error) {
		wanted.Name = args[0]
		if wanted.ExpiresAt, err = expiry(expires, time.Now()); err != nil {
			return err
		}
		var key client.Key
		if err := server.Do(cmd.Context(), http.MethodPost, "/keys", wanted, &key); err != nil {
			return err
		}
		return a.show(cmd, key, [][]string{
			{"key", key.Secret}, {"name", key.Name}, {"role", key.Role}, {"namespaces", namespacesOf(key.Namespaces)},
			{"expires", moment(key.ExpiresAt, "never")}, {"id", key.ID.String()}, {"", "Keep the key: it is not shown again."},
		})
	})
}

// expiry reads an instant, or a length of time from now on; nil is none.
func expiry(text string, now time.Time) (*time.Time, error) {
	var length carillon.Duration
	if length.UnmarshalText([]byte(text)) == nil && length > 0 {
		at := now.UTC().Add(time.Duration(length))
		return &at, nil
	}
	var faults fault.Faults
	at := instant("--expires", text, &faults)
	return at, faults.Err()
}

func revokeKeyCommand() *cobra.Command {
	var a asking
	return a.command(&cobra.Command{
		Use: "revoke KEY", Short: "Revoke an API key, by its id or its name", Args: cobra.ExactArgs(1),
		Long: `Revoke an API key, by its id, or by its name if no other key has it. It is refused
within 3 seconds; sessions and feeds that began with it end then.`,
		Example: `  carillon keys revoke deploy`,
	}, func(cmd *cobra.Command, server *client.Client, args []string) error {
		id, err := findKey(cmd.Context(), server, args[0])
		if err != nil {
			return err
		}
		return a.remove(cmd, server, "/keys/"+id.String(), "key "+id.String())
	})
}

func findKey(ctx context.Context, server *client.Client, text string) (uuid.UUID, error) {
	if id, err := uuid.Parse(text); err == nil {
		return id, nil
	}
	keys, _, err := client.List[client.Key](ctx, server, "/keys", nil, math.MaxInt)
	if err != nil {
		return uuid.Nil, err
	}
	var found []string
	for _, key := range keys {
		if key.Name == text {
			found = append(found, key.ID.String())
		}
	}
	switch len(found) {
	case 0:
		return uuid.Nil, fmt.Errorf("there is no key %q: carillon keys list shows those that there are", text)
	case 1:
		return uuid.Parse(found[0])
	}
	return uuid.Nil, fmt.Errorf("several keys are called %q, so give the id of one: %s", text, strings.Join(found, ", "))
}

func namespacesOf(names []string) string {
	if len(names) == 0 {
		return "all"
	}
	return strings.Join(names, ",")
}

// moment is an instant for a table, or what there is instead.
func moment(at *time.Time, without string) string {
	if at == nil {
		return without
	}
	return at.Format(time.RFC3339)
}
