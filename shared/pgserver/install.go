package pgserver

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// oldest is the first major version with all that the schema and the flags use.
const oldest = 15

// places are where packages put Postgres's binaries, beside the PATH.
// scripts/bootstrap looks in the same places, and a test compares the two.
var places = []string{
	"/usr/lib/postgresql/*/bin",         // Debian, Ubuntu
	"/usr/pgsql-*/bin",                  // Fedora, Red Hat
	"/usr/libexec/postgresql*",          // Alpine
	"/opt/homebrew/opt/postgresql*/bin", // Homebrew on Apple silicon
	"/usr/local/opt/postgresql*/bin",    // Homebrew on Intel
	"/usr/local/pgsql/bin",              // built from source
}

var (
	// ErrNotInstalled says that no Postgres of version 15 or newer was found.
	ErrNotInstalled = errors.New("postgres 15 or newer is not installed")
	// ErrOtherVersion says that the data folder was made by a major version
	// of Postgres that is not installed.
	ErrOtherVersion = errors.New("the data folder needs another version of postgres")
)

// installation is one set of Postgres binaries.
type installation struct {
	bin   string // their folder
	major int
}

func (i installation) path(binary string) string { return filepath.Join(i.bin, binary) }

// chooseInstallation takes the version that made the data folder, or the newest
// when there is none yet.
func chooseInstallation(data string) (installation, error) {
	found := findInstallations(filepath.SplitList(os.Getenv("PATH")), places)
	made, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return installation{}, folderError(err)
	}
	return pick(found, strings.TrimSpace(string(made)), data)
}

// pick is the installation for a data folder made by version, "" for a new one.
func pick(found []installation, version, data string) (installation, error) {
	var best installation
	for _, i := range found {
		if version == strconv.Itoa(i.major) {
			return i, nil
		}
		if i.major > best.major {
			best = i
		}
	}
	switch {
	case version != "":
		return installation{}, fmt.Errorf("%w: %s was made by postgres %s, so install that version, or move the folder away to start anew",
			ErrOtherVersion, data, version)
	case best.major < oldest:
		return installation{}, fmt.Errorf("%w: install it with `%s`", ErrNotInstalled, installCommand())
	}
	return best, nil
}

// findInstallations looks through folders, then through what the globs match.
func findInstallations(folders, globs []string) []installation {
	for _, glob := range globs {
		matches, _ := filepath.Glob(glob) // fails only on a bad pattern
		folders = append(folders, matches...)
	}
	var found []installation
	for _, bin := range folders {
		if major := majorVersion(bin); major > 0 {
			found = append(found, installation{bin, major})
		}
	}
	return found
}

// majorVersion asks the binaries in a folder; 0 means that there are none.
func majorVersion(bin string) int {
	if _, err := exec.LookPath(filepath.Join(bin, "initdb")); err != nil {
		return 0
	}
	out, err := exec.Command(filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		return 0
	}
	major := 0
	_, _ = fmt.Sscanf(string(out), "postgres (PostgreSQL) %d", &major) // 0 if it says anything else
	return major
}

// installCommand is what installs Postgres on this machine.
func installCommand() string {
	for _, c := range []struct{ tool, command string }{
		{"brew", "brew install postgresql@17"},
		{"apt-get", "apt-get install postgresql"},
		{"dnf", "dnf install postgresql-server"},
		{"apk", "apk add postgresql"},
	} {
		if _, err := exec.LookPath(c.tool); err == nil {
			return c.command
		}
	}
	if runtime.GOOS == "darwin" {
		return "brew install postgresql@17"
	}
	return "apt-get install postgresql"
}
