package gateway

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/openid"
	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/guard"
	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/seal"
)

// Config is the gateway's settings.
type Config struct {
	// Listen is the address of the API, host:port; 127.0.0.1:8470 by default.
	Listen string `env:"CARILLON_LISTEN" envDefault:"127.0.0.1:8470"`
	// AdminKey is an admin's API key; none by default. A new one replaces the last.
	AdminKey string `env:"CARILLON_ADMIN_KEY"`
	// AdminKeyFile keeps an admin's API key; none by default. While there is no
	// key at all, the gateway makes one and writes the file.
	AdminKeyFile string `env:"CARILLON_ADMIN_KEY_FILE"`
	// PublicURL is the address of the API as targets see it; the runners need the
	// same. Without it, jobs that want a callback are refused.
	PublicURL string `env:"CARILLON_PUBLIC_URL"`
	// KeyRate is the most requests a second, at this gateway, for a key that has no
	// rate of its own; 0 is any number.
	KeyRate int `env:"CARILLON_KEY_RATE" envDefault:"500"`
	// OpenID lets people log in with a provider of their own; nobody by default.
	OpenID openid.Config
	// Origins are those of other sites' pages that may follow the live feed, like
	// https://status.example.com; none by default.
	Origins []string `env:"CARILLON_ORIGINS"`
	// Postgres is the database; at most 10 connections by default, and one for
	// the outbox.
	Postgres postgres.Config
	NATS     bus.Config
	// AuditEvery is how often the gateways audit by themselves, from 1s; 0 is never.
	AuditEvery time.Duration `env:"CARILLON_AUDIT_EVERY" envDefault:"5m"`
	// MasterKeys seal the secrets; without any, none can be stored.
	MasterKeys seal.Config
	// AllowTargets are private, loopback and other reserved addresses that alert
	// channels may lead to, as they are for the targets of jobs.
	AllowTargets []guard.Allowed `env:"CARILLON_ALLOW_TARGETS"`
	// Heartbeat is where to say that all is alive.
	Heartbeat Heartbeat
	// Listener serves the API in the place of Listen; Run closes it.
	Listener net.Listener `env:"-"`
}

// validate says all that is wrong with the settings.
func (c *Config) validate() error {
	problems := []error{carillon.CheckPublicURL(c.PublicURL), checkOrigins(c.Origins), c.Heartbeat.check(c.PublicURL)}
	if c.AuditEvery != 0 && c.AuditEvery < time.Second {
		problems = append(problems, fmt.Errorf("CARILLON_AUDIT_EVERY must be at least 1s, or 0s, not %s", c.AuditEvery))
	}
	return errors.Join(problems...)
}

// checkOrigins refuses what no browser would send as its Origin.
func checkOrigins(origins []string) (err error) {
	for _, origin := range origins {
		site, bad := url.Parse(origin)
		if bad != nil || origin != site.Scheme+"://"+site.Host || site.Host == "" {
			err = errors.Join(err, fmt.Errorf("CARILLON_ORIGINS must have origins like https://status.example.com, not %.80q", origin))
		}
	}
	return err
}
