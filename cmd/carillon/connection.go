package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/up"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/spf13/cobra"
)

// connection is where a client command finds its server and its key: flags, else
// the environment, else the context in use, else what `carillon up` does by default
// on this machine. A key goes to no server but that which it was given for: whoever
// names a server by a flag gets none of a context's, and none of the environment's.
type connection struct{ server, key, context, dataDir string }

const defaultServer = "http://127.0.0.1:8470"

func (c *connection) define(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&c.server, "server", "", "address of the server (default $CARILLON_SERVER, that of the context, or "+defaultServer+")")
	flags.StringVar(&c.key, "key", "", "API key (default $CARILLON_KEY if $CARILLON_SERVER is the server, that of the context, or the admin key in the data folder)")
	flags.StringVar(&c.context, "context", "", "context, see carillon context (default $CARILLON_CONTEXT, or the one in use)")
	flags.StringVar(&c.dataDir, "data-dir", "", "data folder of carillon up, for its admin key (for a server on this machine, default "+defaultDataDir()+")")
	cmd.MarkFlagsMutuallyExclusive("server", "context")
}

// client returns a client of the server. Its errors say what to do.
func (c *connection) client() (*client.Client, error) {
	server, key, err := c.place()
	if err != nil {
		return nil, err
	}
	address, err := parseServer(server)
	if err != nil {
		return nil, fmt.Errorf("%w: correct --server, CARILLON_SERVER or the context", err)
	}
	if key == "" {
		if key, err = c.adminKey(address); err != nil {
			return nil, err
		}
	}
	return client.New(server, key), nil
}

// place is the server, and its key if somebody has given one for it. The environment's
// key is for the environment's server, or for the default one.
func (c *connection) place() (server, key string, err error) {
	named := ""
	if c.context == "" { // a flag that names a context is about all of it
		named = os.Getenv("CARILLON_SERVER")
	}
	if server = cmp.Or(c.server, named); server != "" {
		if server == named {
			key = os.Getenv("CARILLON_KEY")
		}
		return server, cmp.Or(c.key, key), nil
	}
	book, err := openContexts()
	if err != nil {
		return "", "", err
	}
	chosen, err := book.choose(cmp.Or(c.context, os.Getenv("CARILLON_CONTEXT"), book.Current))
	if chosen.Server == "" {
		chosen.Key = os.Getenv("CARILLON_KEY")
	}
	return cmp.Or(chosen.Server, defaultServer), cmp.Or(c.key, chosen.Key), err
}

func parseServer(text string) (*url.URL, error) {
	address, err := url.Parse(text)
	if err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https" {
		return nil, fmt.Errorf("the server %q is not an address such as %s", text, defaultServer)
	}
	return address, nil
}

// adminKey reads the key of a data folder: of the one that is named, or for a server
// on this machine of the default one.
func (c *connection) adminKey(server *url.URL) (string, error) {
	folder := c.dataDir
	if folder == "" && isLocal(server.Hostname()) {
		folder = defaultDataDir()
	}
	if folder == "" {
		return "", fmt.Errorf("there is no API key for %s: give one with --key, set CARILLON_SERVER and CARILLON_KEY, or keep both with carillon context add", server.Host)
	}
	path := filepath.Join(folder, up.KeyFile)
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

func isLocal(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }
