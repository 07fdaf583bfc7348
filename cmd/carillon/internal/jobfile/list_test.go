package jobfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLinksAreFollowed: what is not seen would be pruned. Folders are in the shape
// of a volume of Kubernetes, and of teams that share jobs by links.
func TestLinksAreFollowed(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	for _, name := range []string{"shared/two.yaml", "jobs/.git/x.yaml", "jobs/..2026/b.yaml", "jobs/one.yaml", "jobs/.hidden.yaml"} {
		if err := os.MkdirAll(filepath.Dir(at(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at(name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"jobs/common": "../shared", "jobs/..data": "..2026", "jobs/b.yaml": "..data/b.yaml", "shared/back": "../jobs", "jl": "jobs"} {
		if err := os.Symlink(to, at(name)); err != nil {
			t.Fatal(err)
		}
	}
	for given, want := range map[string][]string{
		"jobs": {"b.yaml", "common/two.yaml", "one.yaml"}, "jl": {"b.yaml", "common/two.yaml", "one.yaml"}, "jobs/.hidden.yaml": {"."}, "jobs/..2026": {"b.yaml"},
	} {
		files, err := list([]string{at(given)})
		for i, file := range files {
			files[i], _ = filepath.Rel(at(given), file)
		}
		if diff := cmp.Diff(want, files); diff != "" || err != nil {
			t.Errorf("%s: %v %s", given, err, diff)
		}
	}
	if err := os.Symlink("nowhere", at("jobs/lost")); err != nil {
		t.Fatal(err)
	}
	if _, err := list([]string{at("jobs")}); err == nil || !strings.Contains(err.Error(), "lost") {
		t.Errorf("a link that leads nowhere: %v", err)
	}
}
