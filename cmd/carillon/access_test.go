package main

import (
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/shared/client"
)

func accessOnALiveSystem(t *testing.T, l *live) {
	name := l.create(t, "accessed", "/")
	holds(t, l.ok(t, "whoami"), "server", l.address, "name", "admin", "role", "admin", "namespaces", "all", "expires", "never")
	key := read[client.Key](t, l, "keys", "create", "visitor", "--role", "viewer", "--namespaces", "cli,other", "--expires", "1d").Secret
	who := read[client.Identity](t, l, "whoami", "--key", key)
	if who.Name != "visitor" || who.Role != "viewer" || len(who.Namespaces) != 2 || who.ExpiresAt == nil {
		t.Errorf("%+v", who)
	}
	holds(t, l.ok(t, "namespaces", "--key", key), "NAMESPACE", "cli", "other")

	id := read[struct{ ID string }](t, l, "jobs", "get", name).ID
	changes := read[[]client.Change](t, l, "audit-log", "--object", "job/"+id, "--since", "1h", "--actor", "admin")
	if len(changes) != 1 || changes[0].Action != "created" || changes[0].Before != nil || !strings.Contains(string(changes[0].After), `"accessed"`) {
		t.Errorf("%+v", changes)
	}
	holds(t, l.ok(t, "audit-log", "--object", "key/", "--action", "created", "--limit", "1"), "AT", "admin", "created", "key/")
	if none := read[[]client.Change](t, l, "audit-log", "--until", "1h"); len(none) != 0 {
		t.Errorf("%+v", none)
	}
	l.refused(t, "--since: ", "audit-log", "--since", "soon")
}
