package up

import (
	"context"

	"github.com/carillon-cron/carillon/shared/bus"
)

// Servers are the NATS and the Postgres of a data folder, without the services.
type Servers struct {
	NATS        bus.Config
	DatabaseURL string

	folder   *folder
	backends *backends
}

// OpenServers starts the servers of a folder that no `carillon up` is using, but for
// those that config names. The caller closes them. It fails as [Run] does.
func OpenServers(ctx context.Context, config Config) (*Servers, error) {
	f, err := openFolder(config.DataDir)
	if err != nil {
		return nil, err
	}
	b, err := startBackends(ctx, config, f)
	if err != nil {
		f.close()
		return nil, err
	}
	nats := bus.Config{URL: b.natsURL, Replicas: 1, Options: b.natsOptions}
	return &Servers{NATS: nats, DatabaseURL: b.databaseURL, folder: f, backends: b}, nil
}

// Close stops what was started.
func (s *Servers) Close() {
	s.backends.stop()
	s.folder.close()
}
