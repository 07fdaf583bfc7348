package document

import (
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/google/go-cmp/cmp"
)

// fields returns where the faults of a text are, as a job.
func fields(t *testing.T, text string) []string {
	t.Helper()
	tree, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var faults fault.Faults
	faults.Nest("", tree.Decode(new(carillon.Job)))
	named := []string{}
	for _, f := range faults {
		named = append(named, f.Field)
	}
	return named
}

const yamlJob = `
id: 0199a6f0-4c1e-7b3a-9d52-6f0e8a1c2b3d
revision: 3
name: nightly
labels: {team: billing, on: "yes"}
schedule:
  any_of: [{at: 2026-01-01T00:00:00Z}, {every: 90s}]
  dst:
target: {url: https://example.com}
paused: true
`

func TestAJobIsFilledIn(t *testing.T) {
	t.Parallel()
	tree, err := Parse([]byte(yamlJob))
	if err != nil {
		t.Fatal(err)
	}
	var got carillon.Job
	if err := tree.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.ID.String() != "0199a6f0-4c1e-7b3a-9d52-6f0e8a1c2b3d" || got.Revision != 3 || got.Name != "nightly" ||
		!got.Paused || got.Target.URL != "https://example.com" {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff(map[string]string{"team": "billing", "on": "yes"}, got.Labels); diff != "" {
		t.Error(diff)
	}
	rules := got.Schedule.AnyOf
	if len(rules) != 2 || !rules[0].At.Equal(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) || rules[1].Every.String() != "1m30s" {
		t.Errorf("%+v", rules)
	}
}

func TestEveryFaultHasItsPlace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"[]":      {""},
		"text":    {""},
		"{}":      {},
		"null":    {},
		"name: 7": {"name"},
		"Name: x": {"Name"},
		"{schedule: 1, target: [], labels: x, paused: 1, revision: 1.5, id: 7}":       {"id", "labels", "paused", "revision", "schedule", "target"},
		"schedule: {blackouts: [{}, {dates: x, dat: 1}], every: {}, at: [], cron: 5}": {"schedule.at", "schedule.blackouts[1].dat", "schedule.blackouts[1].dates", "schedule.cron", "schedule.every"},
		"labels: {a: 1, b: [x], c: d}":                                                {"labels.a", "labels.b"},
		"schedule: {at: 2026-02-30T00:00:00Z, every: 90}":                             {"schedule.at", "schedule.every"},
		"revision: 99999999999999999999":                                              {"revision"},
	} {
		if diff := cmp.Diff(want, fields(t, text)); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestTextThatIsNoDocument(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                   "empty",
		"# only a comment\n":                 "empty",
		"a: 1\n---\nb: 2\n":                  "more than one",
		"a: \xff":                            "UTF-8",
		"{} {}":                              "[1:4]",
		"a: 1\na: 2":                         "already defined",
		"a: *nowhere":                        "could not find alias",
		strings.Repeat("x", MaxBytes+1):      "longer than",
		"a: [" + strings.Repeat("x, ", 2000): "[1:",
	} {
		_, err := Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 1200 {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// What grows without end when it is written out is refused without writing it out;
// what is named a few times is not.
func TestNestedAliases(t *testing.T) {
	t.Parallel()
	text := "a: &a0 [x,x,x,x,x,x,x,x,x]\n"
	for i := range 12 {
		text += strings.ReplaceAll("bN: &aN [*aM,*aM,*aM,*aM,*aM,*aM,*aM,*aM,*aM]\n", "N", string(rune('1'+i)))
		text = strings.ReplaceAll(text, "M", string(rune('0'+i)))
	}
	if _, err := Parse([]byte(text + "name: *a9\nlabels: {x: *a9}\n")); err == nil || !strings.Contains(err.Error(), "aliases") {
		t.Errorf("a bomb is read: %v", err)
	}
	tree, err := Parse([]byte("a: &a [x, x]\nb: &b {k: *a}\nc: [*a, *b]\nd: {<<: *b, l: 1}\n"))
	if err != nil || !tree.Has("d") || tree.Has("name") {
		t.Error(err)
	}
}

// TestNestedMerges: what is merged into itself again and again is refused before it is read.
func TestNestedMerges(t *testing.T) {
	t.Parallel()
	text := "a: &a {x: 1}\n"
	for i := 'a'; i < 'z'; i++ {
		text += strings.NewReplacer("N", string(i+1), "M", string(i)).Replace("N: &N\n  <<: *M\n  kN: {<<: *M}\n")
	}
	if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), "aliases") {
		t.Errorf("a bomb is read: %v", err)
	}
}

func TestDeepDocumentsAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"cron":` + strings.Repeat("[", 1<<20-10), strings.Repeat("- ", 1<<19), strings.Repeat(`{"a":`, 101),
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), "nested deeper") {
			t.Errorf("%.20s: got %.100v", text, err)
		}
	}
	for _, text := range []string{
		strings.Repeat("[", 99) + strings.Repeat("]", 99),
		"body: '" + strings.Repeat("[{", 99) + "'", "body: |\n  " + strings.Repeat("[\n  ", 150), "body: x # " + strings.Repeat("[", 101),
	} {
		if _, err := Parse([]byte(text)); err != nil {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}
