package postgres_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/postgres"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
)

func TestDefaultsReachTheServer(t *testing.T) {
	t.Parallel()
	pool := open(t, postgres.Config{URL: pgtest.Database(t)})
	for setting, want := range map[string]string{
		"application_name": "carillon", "TimeZone": "UTC", "statement_timeout": "10s", "lock_timeout": "5s",
		"idle_in_transaction_session_timeout": "30s",
	} {
		if got := value[string](t, pool, "SHOW "+setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	c := pool.Config()
	if got := c.ConnConfig.RuntimeParams["tcp_keepalives_idle"]; got != "10" { // a socket in a folder shows 0
		t.Errorf("keepalives after %q", got)
	}
	if c.MaxConns != 10 || c.ConnConfig.ConnectTimeout != 5*time.Second || c.MaxConnLifetimeJitter == 0 {
		t.Errorf("max conns %d, connect timeout %s, jitter %s", c.MaxConns, c.ConnConfig.ConnectTimeout, c.MaxConnLifetimeJitter)
	}
}

func TestThePoolIsBounded(t *testing.T) {
	t.Parallel()
	pool := open(t, postgres.Config{URL: pgtest.Database(t), MaxConns: 2})
	for range 2 {
		conn, err := pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := pool.Acquire(ctx); !postgres.IsUnavailable(err) {
		t.Fatalf("got %v", err)
	}
}

func TestInstantsAreInUTC(t *testing.T) {
	t.Parallel()
	pool := open(t, postgres.Config{URL: pgtest.Database(t)})
	const instant = "'2026-03-29T02:30:00+02:00'::timestamptz"
	one := value[time.Time](t, pool, "SELECT "+instant)
	many := value[[]time.Time](t, pool, "SELECT ARRAY["+instant+"]")
	want := time.Date(2026, 3, 29, 0, 30, 0, 0, time.UTC)
	if one != want || many[0] != want {
		t.Fatalf("read %v and %v", one, many)
	}
}

func TestURLThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "postgres://carillon:secret@host:port/", "nonsense"} {
		_, err := postgres.Open(t.Context(), postgres.Config{URL: url})
		if err == nil || !strings.Contains(err.Error(), "the URL of the database") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", url, err)
		}
	}
}
