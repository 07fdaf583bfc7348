package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/preview"
	"github.com/google/go-cmp/cmp"
)

const jobFile = `# a night's report
name: nightly-report
labels: {team: billing}
schedule:
  any_of:
    - cron: 0 * * * *
    - at: 2026-01-01T02:30:00Z
  blackouts:
    - dates: [2025-12-31]
    - cron: 30 1 * * *
      duration: 2h
      policy: defer
target:
  url: https://api.example.com/report
`

func TestPreviewOfAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "job.yaml")
	if err := os.WriteFile(file, []byte(jobFile), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := previewOf(t, "-f", file, "--from", "2026-01-01T01:00:00Z", "--count", "2", "--previous", "3")
	if err != nil {
		t.Fatal(err)
	}
	holds(t, out, "  Thu 2026-01-01 00:00:00 UTC\n  Thu 2026-01-01 01:00:00 UTC\n> ",
		"  Thu 2026-01-01 03:30:00 UTC   nominal Thu 2026-01-01 02:00:00 UTC\n  Thu 2026-01-01 04:00:00 UTC\n")
	if strings.Contains(out, "2025-12-31 ") {
		t.Error("a fire in a blackout:\n", out)
	}
}

func TestAFileAndTheFlagsAgree(t *testing.T) {
	t.Parallel()
	rest := []string{"--from", "2026-01-01T01:00:00Z", "--previous", "2", "-o", "json"}
	flags, err := previewOf(t, append([]string{"30 2 * * *", "--tz", "Europe/Berlin", "--spread", "10%"}, rest...)...)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"bare YAML": "cron: 30 2 * * *\ntimezone: Europe/Berlin\nspread: 10%\n",
		"bare JSON": `{"cron": "30 2 * * *", "timezone": "Europe/Berlin", "spread": "10%"}`,
		"a job":     "{\n\t\"name\": \"x\",\n\t\"schedule\": {\"cron\": \"30 2 * * *\", \"timezone\": \"Europe/Berlin\", \"spread\": \"10%\"}}",
	} {
		file, err := previewOfInput(t, text, append([]string{"-f", "-"}, rest...)...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(flags, file); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAStoredJobIsShownWithItsOwnSpread(t *testing.T) {
	t.Parallel()
	const id = "0199a6f0-4c1e-7b3a-9d52-6f0e8a1c2b3d"
	stored := `{"id": "` + id + `", "revision": 3, "effective_from": "2026-01-01T00:00:00Z", "name": "x",
		"schedule": {"cron": "H H * * *"}, "target": {"url": "https://example.com", "timeout": "30s"}}`
	first := func(in string, args ...string) time.Time {
		t.Helper()
		out, err := previewOfInput(t, in, append(args, "--from", "2026-01-01T00:00:00Z", "-o", "json")...)
		if err != nil {
			t.Fatal(err)
		}
		var p preview.Preview
		if err := json.Unmarshal([]byte(out), &p); err != nil {
			t.Fatal(err)
		}
		return p.Fires[0]
	}
	own, asked, other := first(stored, "-f", "-"), first("", "H H * * *", "--job-id", id), first(stored, "-f", "-", "--job-id", "other")
	if !own.Equal(asked) || own.Equal(other) {
		t.Error(own, asked, other)
	}
}

func TestFaultsOfAFileAreNamed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		args []string
		want []string
	}{
		"job": {"name: 7\nshedule: {}\nschedule: {cron: 61 * * * *, timezone: Mars/Olympus, spred: 3m, blackouts: [{cron: '@daily', policy: wait}]}\ntarget: {uri: x, timeout: soon}\n", nil,
			[]string{"name: must be text", "schedule.spred: is not a field here", "shedule: is not a field", "target.timeout: ", "target.uri: is not", "schedule.cron: ", "schedule.timezone: ", "schedule.blackouts[0].policy: ", "schedule.blackouts[0].duration: "}},
		"schedule":         {"any_of: [{every: soon}, {at: later}, {cron: 61 * * * *}]", nil, []string{"any_of[0].every: ", "any_of[1].at: must be an instant", "any_of[2].cron: "}},
		"typo":             {"crn: '@daily'", nil, []string{"crn: is not a field here"}},
		"a list":           {"[1]", nil, []string{"must be a set of fields"}},
		"empty":            {"", nil, []string{"--file: is empty"}},
		"two documents":    {"cron: '@daily'\n---\ncron: '@hourly'\n", nil, []string{"--file: holds more than one document"}},
		"too long":         {"name: " + strings.Repeat("x", 1<<20), nil, []string{"--file: is longer than 1024 KiB"}},
		"schedule by both": {"cron: '@daily'", []string{"--tz", "UTC", "--every", "1h", "--from", "x"}, []string{"--every: cannot stand beside --file", "--tz: ", "--from: "}},
		"a job's nothing":  {"name: x\nschedule:\n", nil, []string{"schedule: needs one of"}},
	} {
		_, err := previewOfInput(t, test.text, append(test.args, "-f", "-")...)
		if err == nil {
			t.Errorf("%s: it previews", name)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), "\n  "+want) {
				t.Errorf("%s: %q is not named in: %v", name, want, err)
			}
		}
		if n := strings.Count(err.Error(), "\n"); n != len(test.want) {
			t.Errorf("%s: %d faults, want %d: %v", name, n, len(test.want), err)
		}
	}
	if _, err := previewOf(t, "-f", filepath.Join(t.TempDir(), "gone.yaml")); err == nil || !strings.Contains(err.Error(), "--file: open ") {
		t.Error(err)
	}
}

func TestMalformedYAMLIsShown(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"cron: * * * * *\n", "name: x\nschedule:\n  cron: @daily\n", "cron: [", "cron: a\ncron: b\n"} {
		_, err := previewOfInput(t, text, "-f", "-")
		if err == nil || !strings.Contains(err.Error(), "\n  --file: is not valid YAML or JSON: [") || !strings.Contains(err.Error(), "need quotes") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
