package up

import (
	"encoding"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/carillon-cron/carillon/services/gateway"
	"github.com/carillon-cron/carillon/services/planner"
	"github.com/carillon-cron/carillon/services/recorder"
	"github.com/carillon-cron/carillon/services/runner"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/seal"
	"github.com/carillon-cron/carillon/shared/service"
)

// grace is how long calls in flight may go on after a signal. What is cut off
// is handed back and called again at the next start, with the same key.
const grace = 2 * time.Second

// settings are the services' own, from the environment like in production, but
// for what this process decides.
type settings struct {
	planner  planner.Config
	runner   runner.Config
	recorder recorder.Config
	gateway  gateway.Config
	healths  [4]*service.Health // of the services, in this order
}

func loadSettings(config Config, f *folder, listener net.Listener, b *backends) (*settings, error) {
	var s settings
	err := errors.Join(service.Load(&s.planner), service.Load(&s.runner), service.Load(&s.recorder), service.Load(&s.gateway))
	if err != nil {
		return nil, err
	}
	nats := s.planner.NATS
	nats.URL, nats.Options = b.natsURL, b.natsOptions
	s.connect(nats, b.databaseURL)
	s.runner.Grace = grace
	s.gateway.Listener = listener
	s.gateway.AdminKeyFile = f.path(KeyFile)
	if err := s.keepMasterKey(f.path(masterKeyFile)); err != nil {
		return nil, err
	}
	s.listenForCallbacks(listener)
	for i := range s.healths {
		s.healths[i] = service.NewHealth()
	}
	if err := appendParsed(&s.runner.AllowTargets, config.AllowTargets); err != nil {
		return nil, fmt.Errorf("--allow-targets: %w", err)
	}
	s.gateway.AllowTargets = s.runner.AllowTargets
	return &s, nil
}

// masterKeyFile holds the key that seals secrets, in the data folder.
const masterKeyFile = "master.key"

// keepMasterKey makes the key of a data folder at its first start, unless the
// environment brings one.
func (s *settings) keepMasterKey(path string) error {
	if s.gateway.MasterKeys != (seal.Config{}) {
		return nil
	}
	s.gateway.MasterKeys.File, s.runner.MasterKeys.File = path, path
	return seal.EnsureFile(path)
}

func (s *settings) connect(nats bus.Config, databaseURL string) {
	s.planner.NATS, s.runner.NATS, s.recorder.NATS, s.gateway.NATS = nats, nats, nats, nats
	s.recorder.Postgres.URL, s.gateway.Postgres.URL = databaseURL, databaseURL
}

// listenForCallbacks has targets call back at the API's own address, unless they
// have been told another.
func (s *settings) listenForCallbacks(listener net.Listener) {
	if s.gateway.PublicURL == "" {
		s.gateway.PublicURL = "http://" + listener.Addr().String()
	}
	s.runner.PublicURL = s.gateway.PublicURL
}

// appendParsed parses texts and appends the values to a list.
func appendParsed[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](list *[]T, texts []string) error {
	for _, text := range texts {
		var value T
		if err := P(&value).UnmarshalText([]byte(text)); err != nil {
			return err
		}
		*list = append(*list, value)
	}
	return nil
}
