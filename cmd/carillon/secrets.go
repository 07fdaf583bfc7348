package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func secretsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "secrets", Short: "List, set and delete what jobs prove with who calls"}
	cmd.AddCommand(listSecretsCommand(), setSecretCommand(), deleteSecretCommand())
	return cmd
}

func listSecretsCommand() *cobra.Command {
	var a asking
	var namespace string
	var most int
	cmd := &cobra.Command{
		Use: "list", Short: "List secrets and the jobs that name them, never their values", Args: cobra.NoArgs,
		Example: `  carillon secrets list --namespace billing`,
	}
	cmd.Flags().StringVar(&namespace, "namespace", "", "only secrets of this namespace")
	defineLimit(cmd, &most)
	return a.command(cmd, func(cmd *cobra.Command, server *client.Client, _ []string) error {
		return listing[client.Secret]{
			"/secrets", filters("namespace", namespace), most, []string{"SECRET", "VERSION", "CHANGED", "JOBS"}, secretRow,
		}.show(cmd, &a, server)
	})
}

func secretRow(s client.Secret) []string {
	return []string{s.Namespace + "/" + s.Name, fmt.Sprint(s.Version), s.UpdatedAt.Format(time.RFC3339), fmt.Sprint(s.Uses)}
}

// secretPath is where a secret lives that is named like a job.
func secretPath(text string) string {
	namespace, name := client.Qualified(text)
	return "/secrets/" + url.PathEscape(namespace) + "/" + url.PathEscape(name)
}

func setSecretCommand() *cobra.Command {
	var a asking
	var file string
	var exact bool
	cmd := &cobra.Command{
		Use: "set SECRET", Short: "Create a secret, or give it a new value", Args: cobra.ExactArgs(1),
		Long: `Create a secret, or give it a new value. SECRET is namespace/name, or the name of one
in the namespace default. The value comes from a file or from standard input, where
a terminal does not show it; it is no argument, for others could read that. A line
break at its end is left out, unless --exact.`,
		Example: `  carillon secrets set billing/report-token
  pass show report-token | carillon secrets set billing/report-token
  carillon secrets set billing/client-key --from-file client.pem --exact`,
	}
	cmd.Flags().StringVar(&file, "from-file", "", "file with the value (default standard input)")
	cmd.Flags().BoolVar(&exact, "exact", false, "keep a line break at the end")
	return a.command(cmd, func(cmd *cobra.Command, server *client.Client, args []string) error {
		value, err := readSecret(cmd, file, exact)
		if err != nil {
			return err
		}
		var secret client.Secret
		if err := server.Do(cmd.Context(), http.MethodPut, secretPath(args[0]), map[string]string{"value": value}, &secret); err != nil {
			return err
		}
		return a.show(cmd, secret, [][]string{{"secret", "version", "changed"}, secretRow(secret)[:3]})
	})
}

// readSecret reads a value. What JSON would change on its way is refused.
func readSecret(cmd *cobra.Command, file string, exact bool) (string, error) {
	text, err := secretText(cmd, file)
	if err != nil {
		return "", err
	}
	value := string(text)
	if !exact {
		value = strings.TrimSuffix(strings.TrimSuffix(value, "\n"), "\r")
	}
	switch {
	case value == "":
		return "", errors.New("the value is empty: give one on standard input, or with --from-file")
	case len(value) > carillon.MaxSecretBytes:
		return "", fmt.Errorf("the value is longer than %d KiB", carillon.MaxSecretBytes>>10)
	case !utf8.ValidString(value):
		return "", errors.New("the value is not UTF-8: encode it, for example with base64")
	}
	return value, nil
}

func secretText(cmd *cobra.Command, file string) ([]byte, error) {
	in := cmd.InOrStdin()
	if file != "" {
		opened, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("--from-file: %w", err)
		}
		defer opened.Close()
		in = opened
	} else if screen, ok := in.(*os.File); ok && term.IsTerminal(int(screen.Fd())) {
		fmt.Fprint(cmd.ErrOrStderr(), "Value: ")
		defer fmt.Fprintln(cmd.ErrOrStderr())
		return term.ReadPassword(int(screen.Fd()))
	}
	return io.ReadAll(io.LimitReader(in, carillon.MaxSecretBytes+3)) // one more than fits, and a line break
}

func deleteSecretCommand() *cobra.Command {
	var a asking
	return a.command(&cobra.Command{
		Use: "delete SECRET", Short: "Delete a secret that no job names", Args: cobra.ExactArgs(1),
		Example: `  carillon secrets delete billing/report-token`,
	}, func(cmd *cobra.Command, server *client.Client, args []string) error {
		return a.remove(cmd, server, secretPath(args[0]), "secret "+args[0])
	})
}
