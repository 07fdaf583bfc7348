package document

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzYAMLIsReadAgain: what is written is read as the same, wherever it stands.
func FuzzYAMLIsReadAgain(f *testing.F) {
	for _, seed := range []string{
		"", "a", "30 2 * * *", "*/5 * * * *", "@daily", "yes", "No", "1", "1.5", "1e3", "0x1f", "2026-01-01", "12:30:45", "30s", "1h30m", "~", "null",
		"a: b", "a:", "a #b", "#a", "- a", "a\nb", "a\nb\n", "a\n\nb", " a\nb", "a \nb", "a\nb\n\n", "\n", "\ta", "a\tb", "{a}", "[a]", "{{fire_time}}", "a, b",
		"'a'", `"a"`, `a\b`, "%a", "!a", "&a", "|", ">", "a\r\nb", "\x00", "\u2028", "é", "名前", "https://api.example.com/a?b=c&d=e:f", "a: ", "x:y z", "=", ".5", "+1", "-", "---", "...", "<<", "0o7", "1_000", "true ", "\ufeffa\nb", "a:\nb: c", "y", "\u0085",
	} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, key, text string) {
		given := map[string]any{"m": map[string]any{key: text}, "l": []any{text, map[string]any{"k": text, "z": true}, []any{text}}, "n": 12.0, "e": map[string]any{}, "f": []any{}}
		data, err := json.Marshal(given)
		if err != nil {
			t.Fatal(err)
		}
		var wanted any // as JSON has it: what is no UTF-8 is replaced
		if err := json.Unmarshal(data, &wanted); err != nil {
			t.Fatal(err)
		}
		written, err := YAML(given)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := Parse(written)
		if err != nil {
			if len(written) > 4*MaxBytes/8 || deep(written) {
				return
			}
			t.Fatalf("%v in\n%s", err, written)
		}
		got, _ := json.Marshal(tree.root)
		var read any
		_ = json.Unmarshal(got, &read) // it was just written
		if diff := cmp.Diff(wanted, read); diff != "" {
			t.Errorf("%s in\n%s", diff, written)
		}
	})
}
