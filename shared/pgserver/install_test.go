package pgserver

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPickAnInstallation(t *testing.T) {
	t.Parallel()
	both := []installation{{"/a", 15}, {"/b", 18}, {"/c", 17}}
	for _, c := range []struct {
		name    string
		found   []installation
		version string
		bin     string
		err     error
	}{
		{"the newest for a new folder", both, "", "/b", nil},
		{"the one that made the folder", both, "17", "/c", nil},
		{"the one that made the folder is gone", both, "16", "", ErrOtherVersion},
		{"nothing there", nil, "", "", ErrNotInstalled},
		{"too old", []installation{{"/a", 14}}, "", "", ErrNotInstalled},
	} {
		got, err := pick(c.found, c.version, "/data")
		if got.bin != c.bin || !errors.Is(err, c.err) {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
}

func TestMissingBinariesNameTheCommand(t *testing.T) {
	t.Parallel()
	_, err := pick(findInstallations([]string{t.TempDir()}, nil), "", "")
	if !errors.Is(err, ErrNotInstalled) || !strings.Contains(err.Error(), installCommand()) {
		t.Fatalf("got %v", err)
	}
}

func TestDataOfAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data", "PG_VERSION"), []byte("9\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Config{Dir: dir}); !errors.Is(err, ErrOtherVersion) {
		t.Fatalf("got %v", err)
	}
}

func TestBootstrapLooksInTheSamePlaces(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("../../scripts/bootstrap")
	if err != nil {
		t.Fatal(err)
	}
	want := "places='" + strings.Join(places, "\n") + "'"
	if !strings.Contains(string(script), want) {
		t.Fatalf("scripts/bootstrap does not have:\n%s", want)
	}
}
