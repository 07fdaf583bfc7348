package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestTheCodeMapIsWhole(t *testing.T) { keeps(t, codeMap) }

func codeMap(t *tree) (faults []string) {
	_, section, _ := strings.Cut(t.text("ARCHITECTURE.md"), "## Code map")
	section, _, _ = strings.Cut(section, "\n## ")
	seen := map[string]bool{}
	for _, s := range t.sources {
		parts := strings.Split(s.dir(), "/")
		within, name := section, parts[len(parts)-1]
		if parts[0] == "services" && len(parts) > 3 && parts[2] == "internal" {
			within, name = column(section, parts[1]), parts[3]
		} else if parts[0] != "shared" {
			continue
		}
		if !strings.Contains(within, "`"+name+"`") && !seen[s.dir()] {
			seen[s.dir()] = true
			faults = append(faults, fmt.Sprintf("%s is not in the code map of ARCHITECTURE.md: add `%s` to its table, with what it is in a few words", s.dir(), name))
		}
	}
	return faults
}

// column is what a table says under a heading.
func column(section, heading string) (cells string) {
	at := -1
	for line := range strings.Lines(section) {
		row := strings.Split(line, "|")
		if found := slices.Index(row, " "+heading+" "); found >= 0 {
			at = found
		} else if at >= 0 && at < len(row) {
			cells += row[at]
		}
	}
	return cells
}

func TestPackagesOutsideTheCodeMapAreFound(t *testing.T) {
	bites(t, codeMap, map[string]string{
		"ARCHITECTURE.md": "## Code map\n| `bus` | NATS |\n\n| planner | | runner | |\n|---|---|---|---|\n| `plan` | x | `gate`, `call` | y |\n## Else\n`lost`\n",
		"shared/bus/a.go": "package bus", "shared/lost/a.go": "package lost", "cmd/x/a.go": "package x",
		"services/runner/internal/gate/a.go": "package gate", "services/runner/internal/call/b/a.go": "package b",
		"services/planner/internal/gate/a.go": "package gate", "services/planner/a.go": "package planner",
	}, "services/planner/internal/gate is not", "shared/lost is not")
}
