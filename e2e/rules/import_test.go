package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// pure are the packages that know no infrastructure, and all that they may
// import beside the standard library.
var pure = map[string][]string{
	"shared/fault":   nil,
	"shared/weakmap": nil,
	"shared/preview": {home + "shared/schedule"},
	"shared/schedule": {
		home + "shared/fault", home + "shared/weakmap",
		"github.com/netresearch/go-cron", "github.com/teambition/rrule-go", "github.com/emersion/go-ical",
	},
	"shared/answer":   {home + "shared/fault", "github.com/theory/jsonpath"},
	"shared/template": {home + "shared/schedule", "github.com/valyala/fasttemplate"},
	"shared/carillon": {
		home + "shared/answer", home + "shared/fault", home + "shared/schedule", home + "shared/template",
		"github.com/google/uuid", "golang.org/x/net/http/httpguts",
	},
	"shared/wire": {home + "shared/carillon", "github.com/google/uuid", "github.com/segmentio/encoding/json"},
}

func TestImportsGoOneWay(t *testing.T) { keeps(t, importDirection) }

func importDirection(t *tree) (faults []string) {
	for _, s := range t.sources {
		for _, imported := range s.imports() {
			target, own := strings.CutPrefix(imported, home)
			if problem := wrongWay(s.dir(), target); own && problem != "" {
				faults = append(faults, fmt.Sprintf("%s imports %s: %s", s.path, target, problem))
			}
		}
	}
	return faults
}

// wrongWay says why one package may not import another, or "".
func wrongWay(from, to string) string {
	switch fromModule, toModule := moduleOf(from), moduleOf(to); {
	case fromModule == toModule || toModule == "shared":
		return ""
	case !strings.HasPrefix(toModule, "services/"):
		return "nothing is built on a command, a benchmark or a test; move what both need into shared"
	case strings.HasPrefix(fromModule, "services/"):
		return "a service never imports another; send a message, or move what both must agree on into shared"
	case fromModule == "shared":
		return "shared never imports a service; hand in what it needs from there"
	case to != toModule:
		return "only a service's root package is for others; add what is missing to its Config or Run"
	}
	return ""
}

// moduleOf is the folder of the module that a package lies in.
func moduleOf(dir string) string {
	parts := strings.Split(dir, "/")
	if (parts[0] == "services" || parts[0] == "cmd") && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

func TestWrongImportsAreFound(t *testing.T) {
	bites(t, importDirection, map[string]string{
		"services/a/a.go":          `package a; import ("fmt"; "` + home + `shared/wire"; "` + home + `services/a/internal/x")`,
		"services/a/b_test.go":     `package a; import "` + home + `services/b"`,
		"shared/bus/bus.go":        `package bus; import "` + home + `services/a"`,
		"cmd/carillon/main.go":     `package main; import ("` + home + `services/a"; "` + home + `services/a/internal/x")`,
		"e2e/system/run_test.go":   `package system; import "` + home + `cmd/carillon/internal/up"`,
		"services/a/internal/x.go": `package internal; import "` + home + `bench"`,
	},
		"services/a/b_test.go imports services/b: a service never",
		"shared/bus/bus.go imports services/a: shared never",
		"cmd/carillon/main.go imports services/a/internal/x: only a service's root",
		"e2e/system/run_test.go imports cmd/carillon/internal/up: nothing is built",
		"services/a/internal/x.go imports bench: nothing is built",
	)
}

func TestPurePackagesKnowNoInfrastructure(t *testing.T) { keeps(t, purity) }

func purity(t *tree) (faults []string) {
	for _, s := range t.sources {
		allowed, isPure := pure[s.dir()]
		if !isPure || s.isTest() {
			continue
		}
		for _, imported := range s.imports() {
			if strings.Contains(imported, ".") && !slices.Contains(allowed, imported) {
				faults = append(faults, fmt.Sprintf("%s imports %s: %s is data and pure functions; do this in the package that calls it",
					s.path, imported, s.dir()))
			}
		}
	}
	return faults
}

func TestInfrastructureInPurePackagesIsFound(t *testing.T) {
	bites(t, purity, map[string]string{
		"shared/fault/fault.go":      `package fault; import ("fmt"; "` + home + `shared/carillon")`,
		"shared/wire/run.go":         `package wire; import ("` + home + `shared/carillon"; "github.com/nats-io/nats.go")`,
		"shared/wire/run_test.go":    `package wire; import "github.com/google/go-cmp/cmp"`,
		"shared/bus/bus.go":          `package bus; import "github.com/nats-io/nats.go"`,
		"shared/schedule/days.go":    `package schedule; import "github.com/netresearch/go-cron"`,
		"shared/carillon/metrics.go": `package carillon; import "github.com/prometheus/client_golang/prometheus"`,
	},
		"shared/fault/fault.go imports "+home+"shared/carillon",
		"shared/wire/run.go imports github.com/nats-io/nats.go",
		"shared/carillon/metrics.go imports github.com/prometheus",
	)
}

func TestTestHelpersAreForTests(t *testing.T) { keeps(t, helpersInTests) }

// A package that is not a test and imports testing is a test helper.
func helpersInTests(t *tree) (faults []string) {
	helper := map[string]bool{}
	for _, s := range t.sources {
		if !s.isTest() && slices.Contains(s.imports(), "testing") {
			helper[s.dir()] = true
		}
	}
	for _, s := range t.sources {
		for _, imported := range s.imports() {
			target, _ := strings.CutPrefix(imported, home)
			if helper[target] && !helper[s.dir()] && !s.isTest() {
				faults = append(faults, fmt.Sprintf("%s imports %s, which is for tests: use it in _test.go files only", s.path, target))
			}
		}
	}
	return faults
}

func TestHelpersOutsideOfTestsAreFound(t *testing.T) {
	bites(t, helpersInTests, map[string]string{
		"shared/pgtest/pgtest.go":     `package pgtest; import "testing"`,
		"shared/ledgertest/ledger.go": `package ledgertest; import ("testing"; "` + home + `shared/pgtest")`,
		"services/a/a_test.go":        `package a; import "` + home + `shared/pgtest"`,
		"services/a/a.go":             `package a; import "` + home + `shared/pgtest"`,
	}, "services/a/a.go imports shared/pgtest, which is for tests")
}
