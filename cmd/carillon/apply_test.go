package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/document"
	"github.com/carillon-cron/carillon/cmd/carillon/internal/jobfile"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
)

// files writes a folder of files.
func files(t *testing.T, texts map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range texts {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

const twoJobs = `# the first
namespace: files
name: a
schedule: {cron: 0 0 1 1 *}
target: {url: https://example.com/a}
---
namespace: files
name: b
labels:
  team: billing
schedule: {cron: 0 0 1 1 *}
target:
  url: https://example.com/b
`

func filesOnALiveSystem(t *testing.T, l *live) {
	folder := files(t, map[string]string{
		"jobs.yaml":   twoJobs,
		"deep/c.json": `[{"namespace": "files", "name": "c", "schedule": {"cron": "0 0 1 1 *"}, "target": {"url": "https://example.com/c"}}]`,
		"notes.txt":   "no job",
	})
	holds(t, l.ok(t, "apply", "-f", folder, "--dry-run"), "create", "files/c", "deep/c.json:1", "files/a", "jobs.yaml:2", "files/b", "jobs.yaml:7", "3 to create, 0 to change")
	l.refused(t, "--yes", "apply", "-f", folder)
	holds(t, l.ok(t, "apply", "-f", folder, "--yes"), "3 created, 0 changed, 0 deleted, 0 unchanged")
	holds(t, l.ok(t, "apply", "-f", folder), "0 created, 0 changed, 0 deleted, 3 unchanged")
	holds(t, l.ok(t, "diff", "-f", folder), "3 unchanged")

	l.ok(t, "pause", "files/a")
	changed := files(t, map[string]string{"jobs.yaml": strings.ReplaceAll(strings.ReplaceAll(twoJobs, "billing", "ops"), "/b", "/bb")})
	out, err := l.do(t.Context(), "", "diff", "-f", changed)
	if !errors.Is(err, errDifferent) {
		t.Error(err)
	}
	holds(t, out, "~ files/b", "jobs.yaml:7", "/labels/team", `- "billing"`, `+ "ops"`, "/target/url", "0 to create, 1 to change", "1 unchanged")
	result := read[applyResult](t, l, "apply", "-f", changed, "--yes")
	if result.Updated != 1 || result.Unchanged != 1 || len(result.Jobs) != 1 || result.Jobs[0].Revision != 2 || result.Jobs[0].Changed[0] != "/labels/team" {
		t.Errorf("%+v", result)
	}
	if job := read[carillon.Job](t, l, "jobs", "get", "files/a"); !job.Paused {
		t.Error("an apply ends a pause that its document says nothing of")
	}

	wrong := files(t, map[string]string{"jobs.yaml": strings.ReplaceAll(twoJobs, "0 0 1 1 *}\ntarget:\n", "61 0 1 1 *}\nqueue: none-such\ntarget:\n")})
	l.refused(t, "jobs.yaml:11: schedule.cron", "apply", "-f", wrong, "--yes")
	l.refused(t, "--set", "apply", "-f", folder, "--prune")
	l.refused(t, "no documents", "apply", "-f", t.TempDir())
}

func pruneOnALiveSystem(t *testing.T, l *live) {
	both := strings.ReplaceAll(twoJobs, "namespace: files", "namespace: pruned")
	one, _, _ := strings.Cut(both, "---")
	all, less := files(t, map[string]string{"jobs.yaml": both}), files(t, map[string]string{"jobs.yaml": one})
	l.ok(t, "apply", "-f", all, "--yes", "--set", "mine")
	theirs := files(t, map[string]string{"x.yaml": strings.ReplaceAll(strings.ReplaceAll(one, "name: a", "name: theirs"), "/a}", "/t}")})
	l.ok(t, "apply", "-f", theirs, "--yes", "--set", "theirs")

	holds(t, l.ok(t, "apply", "-f", less, "--set", "mine"), "0 deleted, 1 unchanged")
	holds(t, l.ok(t, "apply", "-f", less, "--set", "mine", "--prune", "--dry-run"), "delete", "pruned/b", "0 to create, 0 to change, 1 to delete, 1 unchanged")
	if out, err := l.do(t.Context(), "", "diff", "-f", less, "--set", "mine", "--prune"); !errors.Is(err, errDifferent) || !strings.Contains(out, "- pruned/b") {
		t.Error(out, err)
	}
	holds(t, l.ok(t, "apply", "-f", less, "--set", "mine", "--prune", "--yes"), "0 created, 0 changed, 1 deleted, 1 unchanged")
	left := read[[]carillon.Job](t, l, "jobs", "list", "--namespace", "pruned")
	if len(left) != 2 || left[0].Name != "a" && left[1].Name != "a" {
		t.Errorf("%+v", left)
	}
	holds(t, l.ok(t, "export", "--set", "theirs"), "name: theirs")
	pruneWhatWasAgreedTo(t, l, less, all)
}

// pruneWhatWasAgreedTo puts a job into the set between the plan and its end, and holds
// that nothing happens to it.
func pruneWhatWasAgreedTo(t *testing.T, l *live, less, more string) {
	t.Helper()
	documents, _, err := jobfile.Read([]string{less}, nil)
	if err != nil {
		t.Fatal(err)
	}
	work := &application{l.client(t), documents, "mine", true, barsOn(io.Discard)}
	plan, err := work.plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l.ok(t, "apply", "-f", more, "--yes", "--set", "mine")
	if done, err := work.apply(t.Context(), plan); err != nil || done.Deleted != 0 {
		t.Errorf("%+v %v", done, err)
	}
	l.ok(t, "jobs", "get", "pruned/b")
}

func exportOnALiveSystem(t *testing.T, l *live) {
	random := rand.New(rand.NewPCG(1, 2))
	var text strings.Builder
	const count = 60
	for i := range count {
		one, err := document.YAML(randomDocument(random, i))
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString("---\n" + string(one))
	}
	source := files(t, map[string]string{"all.yaml": text.String()})
	holds(t, l.ok(t, "apply", "-f", source, "--yes"), fmt.Sprintf("%d created", count))

	exported := l.ok(t, "export", "--namespace", "round-trip")
	if n := strings.Count(exported, "\n---\n"); n != count-1 {
		t.Errorf("%d marks between %d documents", n, count)
	}
	again := files(t, map[string]string{"all.yaml": exported})
	holds(t, l.ok(t, "apply", "-f", again), fmt.Sprintf("0 created, 0 changed, 0 deleted, %d unchanged", count))
	folder := filepath.Join(t.TempDir(), "out")
	if out := l.ok(t, "export", "--namespace", "round-trip", "-o", folder); out != "" {
		t.Errorf("a folder and %q", out)
	}
	holds(t, l.ok(t, "apply", "-f", folder), fmt.Sprintf("%d unchanged", count))
	out, _, err := alone(t, "", "validate", "-f", folder)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, out, fmt.Sprintf("%d documents, no faults", count))
	if entries, err := os.ReadDir(filepath.Join(folder, "round-trip")); err != nil || len(entries) != count {
		t.Error(len(entries), err)
	}
}

// randomDocument is a job with some of all that documents may say, in texts that
// YAML makes it hard to write.
func randomDocument(random *rand.Rand, i int) carillon.Document {
	texts := []string{"", "yes", "null", "1e3", "a: b", "# no", "- x", "{{run_id}}", "two\nlines", "end\n", " lead", "é ü", "'q' \"d\"", "*", "@x", "a\tb", "0x1", "2026-01-01", "%", "[", "~"}
	text := func() string { return texts[random.IntN(len(texts))] }
	d := carillon.Document{Namespace: "round-trip", Name: fmt.Sprintf("job-%d", i), Paused: i%7 == 0}
	anchor := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	d.Schedule = []schedule.Spec{
		{Cron: "*/5 * * * *", Timezone: "Europe/Berlin"}, {Cron: "@daily"}, {Every: carillon.Duration(90e9)}, {Cron: "H H * * *", Spread: "10%"},
		{RRule: "FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=9;BYMINUTE=0;BYSECOND=0", Anchor: &anchor}, {AnyOf: []schedule.Rule{{Cron: "0 0 1 1 *"}, {Cron: "0 5 * * 1"}}},
		{Cron: "0 9 * * MON-FRI", Blackouts: []schedule.Blackout{{Dates: []string{"2026-12-25", "2026-12-24/2027-01-01"}}, {Cron: "0 22 * * *", Duration: carillon.Duration(8 * 3600e9), Policy: schedule.BlackoutDefer}}},
	}[i%7]
	d.Target = carillon.Target{Method: []string{"", "GET", "PUT"}[random.IntN(3)], URL: "https://api.example.com/a?b=c&d=%20#", Body: text()}
	if random.IntN(2) == 0 {
		d.Labels = map[string]string{"team": strings.Map(printableOnly, text()), "on": "yes", "n": "1"}
		d.Target.Headers = map[string]string{"X-A": strings.TrimSpace(strings.ReplaceAll(text(), "\n", " ")), "No": "no"}
	}
	d.Overlap = []carillon.Overlap{"", carillon.OverlapAllow, carillon.OverlapQueue, carillon.OverlapReplace}[random.IntN(4)]
	if random.IntN(2) == 0 {
		d.Retry = carillon.Retry{MaxAttempts: 1 + random.IntN(9), On: []string{"5xx", "503", "timeout"}}
		d.CatchUp = carillon.CatchUp{Policy: carillon.CatchUpAll, Max: 5}
		d.Deadline = carillon.Duration(600e9)
	}
	return d
}

// printableOnly leaves out what a label cannot hold.
func printableOnly(r rune) rune {
	if r < ' ' {
		return -1
	}
	return r
}
