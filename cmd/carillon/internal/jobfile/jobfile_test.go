package jobfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const job = "name: NAME\nschedule: {every: 1m}\ntarget: {url: https://example.com}\npaused: false\n"

func TestFoldersAreReadInOrder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("b/2.yml", strings.ReplaceAll(job, "NAME", "two"))
	write("a.yaml", strings.ReplaceAll(job, "NAME", "one")+"---\nnamespace: ops\n"+strings.ReplaceAll(job, "NAME", "one"))
	write("README.md", "no job")
	write("c.JSON", `{"name": "three"}`)
	write("plain", strings.ReplaceAll(job, "NAME", "four"))
	documents, faults, err := Read([]string{folder, filepath.Join(folder, "plain"), "-"}, strings.NewReader(strings.ReplaceAll(job, "NAME", "five")))
	if err != nil || len(faults) != 0 {
		t.Fatal(err, faults)
	}
	var names []string
	for _, d := range documents {
		names = append(names, d.Namespace+"/"+d.Name)
	}
	if diff := cmp.Diff([]string{"default/one", "ops/one", "default/two", "default/three", "default/four", "default/five"}, names); diff != "" {
		t.Error(diff)
	}
	if raw := string(documents[0].Raw); raw != `{"name":"one","paused":false,"schedule":{"every":"1m"},"target":{"url":"https://example.com"}}` {
		t.Errorf("%s: a document is not sent as the file has it", raw)
	}
	filled, err := documents[0].Filled()
	if err != nil || filled["overlap"] != "skip" || filled["namespace"] != "default" {
		t.Error(filled, err)
	}
}

// TestManyDocuments: they are read on all processors, and stay in their order.
func TestManyDocuments(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	const count = 2000
	for i := range count {
		text.WriteString("---\nname: job-" + strings.Repeat("x", i%50) + "\n")
		if i%500 == 3 {
			text.WriteString("- oops\n")
		}
	}
	documents, faults, err := Read([]string{"-"}, strings.NewReader(text.String()))
	if err != nil || len(documents) != count-4 {
		t.Fatal(len(documents), err)
	}
	if faults[0].Place != "-:7" || !strings.Contains(faults[0].Message, "not valid YAML") {
		t.Error(faults[0])
	}
	for i, d := range documents[:3] {
		if d.Place("") != []string{"-:2", "-:4", "-:6"}[i] {
			t.Error(i, d.Place(""))
		}
	}
}

// TestAliasesAreNotWrittenOutWithoutEnd: nine levels of nine are 387 million texts.
func TestAliasesAreNotWrittenOutWithoutEnd(t *testing.T) {
	t.Parallel()
	text := "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
	for i := '1'; i <= '9'; i++ {
		text += "a" + string(i) + ": &a" + string(i) + " [" + strings.TrimSuffix(strings.Repeat("*a"+string(i-1)+",", 9), ",") + "]\n"
	}
	documents, faults, err := Read([]string{"-"}, strings.NewReader(text))
	if err != nil || len(documents) != 0 || len(faults) != 1 || !strings.Contains(faults[0].Message, "aliases") {
		t.Error(len(documents), faults, err)
	}
}
