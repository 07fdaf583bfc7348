package main

import (
	"testing"

	"github.com/carillon-cron/carillon/shared/client"
)

func keysOnALiveSystem(t *testing.T, l *live) {
	key := read[client.Key](t, l, "keys", "create", "deploy", "--role", "viewer", "--namespaces", "cli,other", "--rate", "20", "--expires", "90d")
	if key.Secret == "" || key.ExpiresAt == nil || len(key.Namespaces) != 2 || *key.Rate != 20 {
		t.Errorf("%+v", key)
	}
	l.ok(t, "jobs", "list", "--key", key.Secret)
	l.refused(t, "403", "pause", "--namespace", "cli", "--key", key.Secret)
	holds(t, l.ok(t, "keys", "list"), "NAME", "admin", "admin", "all", "deploy", "viewer", "cli,other")
	if again := read[[]client.Key](t, l, "keys", "list"); len(again) < 2 || again[1].Secret != "" {
		t.Errorf("%+v", again)
	}
	l.refused(t, "there is no key \"none\"", "keys", "revoke", "none")
	holds(t, l.ok(t, "keys", "create", "deploy", "--role", "viewer", "--expires", "2050-01-01T00:00:00Z"), "key ", "car_", "expires", "2050-01-01", "not shown again")
	l.refused(t, "several keys", "keys", "revoke", "deploy")
	l.ok(t, "keys", "revoke", key.ID.String())
	holds(t, l.ok(t, "keys", "revoke", "deploy"), "deleted", "key ")
	l.refused(t, "401", "jobs", "list", "--key", key.Secret)
	l.refused(t, "--expires", "keys", "create", "x", "--role", "viewer", "--expires", "soon")
	l.refused(t, "422", "keys", "create", "x", "--role", "king")
}
