package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/up"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/spf13/cobra"
)

// connection is where a client command finds its server and its key: a flag,
// else the environment, else what `carillon up` does by default on this machine.
type connection struct{ server, key, dataDir string }

const defaultServer = "http://127.0.0.1:8470"

func (c *connection) define(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&c.server, "server", "", "address of the server (default $CARILLON_SERVER, or "+defaultServer+")")
	flags.StringVar(&c.key, "key", "", "API key (default $CARILLON_KEY, or the admin key in the data folder)")
	flags.StringVar(&c.dataDir, "data-dir", defaultDataDir(), "data folder of carillon up, for its admin key")
}

// client returns a client of the server. Its errors say what to do.
func (c *connection) client() (*client.Client, error) {
	server := cmp.Or(c.server, os.Getenv("CARILLON_SERVER"), defaultServer)
	address, err := url.Parse(server)
	if err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https" {
		return nil, fmt.Errorf("the server %q is not an address such as %s: correct --server or CARILLON_SERVER", server, defaultServer)
	}
	key := cmp.Or(c.key, os.Getenv("CARILLON_KEY"))
	if key == "" {
		if key, err = c.adminKey(); err != nil {
			return nil, err
		}
	}
	return client.New(server, key), nil
}

func (c *connection) adminKey() (string, error) {
	path := filepath.Join(c.dataDir, up.KeyFile)
	text, err := os.ReadFile(path)
	if err != nil {
		var problem *os.PathError
		if errors.As(err, &problem) {
			err = problem.Err
		}
		return "", fmt.Errorf("there is no API key: give one with --key or CARILLON_KEY, or the data folder that has one with --data-dir (%s: %w)", path, err)
	}
	return strings.TrimSpace(string(text)), nil
}
