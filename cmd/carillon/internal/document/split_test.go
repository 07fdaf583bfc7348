package document

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTextsArePartedIntoDocuments(t *testing.T) {
	t.Parallel()
	type part struct {
		Line int
		Text string
	}
	for text, want := range map[string][]part{
		"":                                    nil,
		"# nothing\n---\n...\n---\n":          nil,
		"a: 1\n":                              {{0, "a: 1\n"}},
		"---\na: 1\n---\n# x\n---\nb: 2":      {{0, "\na: 1\n"}, {4, "\nb: 2"}},
		"a: |\n  ---\n  x\n--- # two\nb: 2\n": {{0, "a: |\n  ---\n  x\n"}, {3, " # two\nb: 2\n"}},
		"----\n":                              {{0, "----\n"}},
		"{\"a\": 1}\n\n{\"b\": 2}":            {{0, `{"a": 1}`}, {2, `{"b": 2}`}},
		"[\n {\"a\": 1},\n {\"b\":\n 2}]\n{}": {{1, `{"a": 1}`}, {2, "{\"b\":\n 2}"}, {4, "{}"}},
		"{a: 1}\n---\n{b: 2}":                 {{0, "{a: 1}\n"}, {1, "\n{b: 2}"}},
		"[]":                                  nil,
	} {
		var got []part
		for _, p := range Split([]byte(text)) {
			got = append(got, part{p.Line, string(p.Text)})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestFieldsHaveLines(t *testing.T) {
	t.Parallel()
	part := Part{10, []byte("# c\nname: x\nlabels:\n  a.b: y\nschedule: &s\n  blackouts:\n  - cron: z\n    dates: [\n      1,\n      2]\n  - cron: w\ntarget: !!map\n  headers:\n    X-A: 1\n")}
	for field, want := range map[string]int{
		"": 12, "name": 12, "labels": 13, "labels.a.b": 14, "schedule": 15, "schedule.blackouts[0].cron": 17, "schedule.blackouts[0].dates[1]": 20,
		"schedule.blackouts[1]": 21, "schedule.blackouts[1].duration": 21, "schedule.blackouts[7]": 16, "target.headers.X-A": 24, "queue": 12, "target.url": 22,
	} {
		if got := part.LineOf(field); got != want {
			t.Errorf("%q is in line %d, want %d", field, got, want)
		}
	}
	if got := (Part{3, []byte("{\"a\":\n {\"b\": 1}}")}).LineOf("a.b"); got != 5 {
		t.Errorf("line %d in JSON, want 5", got)
	}
	if got := (Part{3, []byte("a: [")}).LineOf("a.b"); got != 4 {
		t.Errorf("line %d of what cannot be read, want 4", got)
	}
}
