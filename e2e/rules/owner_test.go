package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// owner says which packages may use a library. Tests may use any.
type owner struct {
	library  string // a prefix of import paths
	packages []string
}

// owners is the one list of them. The first prefix that fits counts.
var owners = []owner{
	{"github.com/nats-io/nats-server/", []string{"shared/natsserver"}},
	{"github.com/nats-io/", []string{
		"shared/bus", "shared/callback", "shared/topology", "shared/natsserver", "shared/natsserver/natstest",
		"services/planner", "services/planner/internal/commit", "services/planner/internal/lease",
		"services/runner", "services/runner/internal/execution", "services/runner/internal/intake",
		"services/runner/internal/lane", "services/runner/internal/outbox", "services/runner/internal/skip",
		"services/runner/internal/tracing",
		"services/recorder", "services/recorder/internal/intake", "services/recorder/internal/signal", "services/recorder/internal/writer",
		"services/gateway", "services/gateway/internal/callback", "services/gateway/internal/feed",
		"services/gateway/internal/inflight", "services/gateway/internal/outbox", "services/gateway/internal/ping",
		"services/gateway/internal/resync", "services/gateway/internal/trigger",
		"cmd/carillon/internal/backup", "cmd/carillon/internal/doctor", "cmd/carillon/internal/up",
		"bench/broker", "bench/planner", "bench/runner",
	}},
	{"github.com/synadia-io/orbit.go/", []string{"services/planner/internal/commit", "bench/planner"}},
	{"github.com/jackc/tern/", []string{"shared/postgres"}},
	{"github.com/jackc/pgx/", []string{
		"shared/postgres", "shared/postgres/pgtest",
		"services/recorder", "services/recorder/internal/alertstore", "services/recorder/internal/pingstore",
		"services/recorder/internal/index", "services/recorder/internal/ledger",
		"services/recorder/internal/reschedule", "services/recorder/internal/retention",
		"services/gateway", "services/gateway/internal/auditlog", "services/gateway/internal/auditor", "services/gateway/internal/backfillstore",
		"services/gateway/internal/checkstore", "services/gateway/internal/forecast",
		"services/gateway/internal/jobstore", "services/gateway/internal/keyring", "services/gateway/internal/noticestore",
		"services/gateway/internal/routestore",
		"services/gateway/internal/ledger", "services/gateway/internal/login", "services/gateway/internal/once", "services/gateway/internal/outbox", "services/gateway/internal/pausestore",
		"services/gateway/internal/queuestore", "services/gateway/internal/redrive", "services/gateway/internal/retentionstore",
		"services/gateway/internal/secretstore",
		"cmd/carillon/internal/backup", "cmd/carillon/internal/doctor", "bench", "bench/api", "bench/ledger",
	}},
	{"github.com/fasthttp/websocket", []string{"shared/client"}},
	{"github.com/gofiber/", []string{"services/gateway/internal/api", "bench/api"}},
	{"github.com/danielgtaylor/huma/", []string{"services/gateway/internal/api"}},
	{"golang.org/x/time/", []string{"services/runner/internal/intake", "services/gateway/internal/throttle"}},
	{"code.dny.dev/ssrf", []string{"shared/guard"}},
	{"github.com/nicholas-fedor/shoutrrr/", []string{"services/gateway/internal/channel"}},
	{"golang.org/x/oauth2", []string{"services/runner/internal/credential", "services/gateway/internal/openid"}},
	{"github.com/coreos/go-oidc/", []string{"services/gateway/internal/openid"}},
	{"github.com/hashicorp/golang-lru/", []string{"services/gateway/internal/belief", "services/gateway/internal/throttle"}},
	{"github.com/standard-webhooks/", []string{"services/runner/internal/credential"}},
	{"go.opentelemetry.io/otel/sdk", []string{"shared/telemetry"}},
	{"go.opentelemetry.io/otel/exporters/", []string{"shared/telemetry"}},
	{"github.com/caarlos0/env/", []string{"shared/service"}},
	{"github.com/spf13/cobra", []string{"cmd/carillon"}},
	{"github.com/schollz/progressbar/", []string{"cmd/carillon"}},
	{"mvdan.cc/sh/", []string{"cmd/carillon/internal/importer/command"}},
	{"github.com/goccy/go-yaml", []string{"cmd/carillon", "cmd/carillon/internal/document"}},
	{"github.com/netresearch/go-cron", []string{"shared/schedule"}},
	{"github.com/segmentio/encoding/", []string{"shared/wire"}},
	{"github.com/teambition/rrule-go", []string{"shared/schedule"}},
	{"github.com/emersion/go-ical", []string{"shared/schedule"}},
	{"github.com/theory/jsonpath", []string{"shared/answer"}},
	{"github.com/valyala/fasttemplate", []string{"shared/template"}},
}

func TestEachLibraryHasItsOwners(t *testing.T) { keeps(t, ownership) }

func ownership(t *tree) (faults []string) {
	for _, s := range t.sources {
		if s.isTest() {
			continue
		}
		for _, imported := range s.imports() {
			if o := ownerOf(imported); o != nil && !slices.Contains(o.packages, s.dir()) {
				faults = append(faults, fmt.Sprintf("%s imports %s: go through its owners, %s; or make %s one of them in e2e/rules/owner_test.go",
					s.path, imported, strings.Join(o.packages, ", "), s.dir()))
			}
		}
	}
	return faults
}

func ownerOf(imported string) *owner {
	for i, o := range owners {
		if strings.HasPrefix(imported, o.library) {
			return &owners[i]
		}
	}
	return nil
}

func TestUseWithoutOwnershipIsFound(t *testing.T) {
	bites(t, ownership, map[string]string{
		"shared/natsserver/server.go":        `package natsserver; import ("github.com/nats-io/nats-server/v2/server"; "github.com/nats-io/nats.go")`,
		"shared/bus/bus.go":                  `package bus; import ("github.com/nats-io/nats-server/v2/server"; "github.com/nats-io/nats.go/jetstream")`,
		"shared/wire/wire.go":                `package wire; import "github.com/nats-io/nuid"`,
		"shared/wire/wire_test.go":           `package wire; import "github.com/nats-io/nats.go"`,
		"services/gateway/internal/api/a.go": `package api; import ("github.com/gofiber/fiber/v2"; "github.com/jackc/pgx/v5/pgxpool")`,
		"services/runner/runner.go":          `package runner; import ("go.opentelemetry.io/otel"; "go.opentelemetry.io/otel/sdk/trace"; "github.com/caarlos0/env/v11")`,
	},
		"shared/bus/bus.go imports github.com/nats-io/nats-server/v2/server",
		"shared/wire/wire.go imports github.com/nats-io/nuid",
		"services/gateway/internal/api/a.go imports github.com/jackc/pgx/v5/pgxpool",
		"services/runner/runner.go imports go.opentelemetry.io/otel/sdk/trace",
		"services/runner/runner.go imports github.com/caarlos0/env/v11",
	)
}

// So that the list shrinks when code does.
func TestEachOwnerUsesItsLibrary(t *testing.T) { keeps(t, idleOwners) }

func idleOwners(t *tree) (faults []string) {
	uses := map[string]bool{}
	for _, s := range t.sources {
		for _, imported := range s.imports() {
			if o := ownerOf(imported); o != nil && !s.isTest() {
				uses[o.library+" "+s.dir()] = true
			}
		}
	}
	for _, o := range owners {
		for _, p := range o.packages {
			if !uses[o.library+" "+p] {
				faults = append(faults, fmt.Sprintf("%s does not import %s: take it off the list in e2e/rules/owner_test.go", p, o.library))
			}
		}
	}
	return faults
}

func TestIdleOwnersAreFound(t *testing.T) {
	var want []string
	for _, o := range owners {
		for _, p := range o.packages {
			if p != "shared/schedule" {
				want = append(want, p+" does not import "+o.library)
			}
		}
	}
	bites(t, idleOwners, map[string]string{
		"shared/schedule/a.go":   `package schedule; import ("github.com/netresearch/go-cron"; "github.com/teambition/rrule-go"; "github.com/emersion/go-ical")`,
		"cmd/carillon/m_test.go": `package main; import "github.com/spf13/cobra"`,
	}, want...)
}
