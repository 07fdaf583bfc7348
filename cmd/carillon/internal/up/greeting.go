package up

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/demo"
	"github.com/carillon-cron/carillon/shared/client"
)

// KeyFile holds the admin key, in the data folder. The gateway writes it.
const KeyFile = "admin.key"

// greeting tells a person where everything is, once it runs.
type greeting struct {
	config     Config
	folder     *folder
	base       string // address of the server
	firstStart bool   // there is no key yet: it will be shown
}

func newGreeting(config Config, f *folder, listener net.Listener) *greeting {
	_, err := os.Stat(f.path(KeyFile))
	return &greeting{
		config: config, folder: f, base: "http://" + listener.Addr().String(),
		firstStart: errors.Is(err, os.ErrNotExist),
	}
}

// attend greets, and runs the demo if there is one, until ctx ends.
func (g *greeting) attend(ctx context.Context, target *demo.Target) error {
	path := g.folder.path(KeyFile)
	data, err := os.ReadFile(path)
	g.say("\nCarillon is up.\n\n  API    %s/api/v1\n  Docs   %s/docs\n  Data   %s\n", g.base, g.base, g.folder.dir)
	if err != nil {
		g.say("  Key    one that this database knows already; CARILLON_ADMIN_KEY makes a new one\n\n")
		<-ctx.Done()
		return nil
	}
	key := strings.TrimSpace(string(data))
	if g.firstStart {
		g.say("  Key    %s\n         (shown this once; kept in %s)\n", key, path)
	}
	g.say("\n  curl -H \"Authorization: Bearer $(cat %s)\" %s/api/v1/jobs\n\nCtrl-C stops it; a second start goes on with the same data.\n\n", path, g.base)
	if !g.config.Demo {
		return nil
	}
	return demo.Run(ctx, client.New(g.base, key), target, g.config.Out)
}

func (g *greeting) say(format string, args ...any) { fmt.Fprintf(g.config.Out, format, args...) }
