package deploy

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// match returns what the expression's only group finds in the file.
func match(t *testing.T, name, expression string) string {
	t.Helper()
	found := regexp.MustCompile(expression).FindStringSubmatch(read(t, name))
	if found == nil {
		t.Fatalf("%s: nothing matches %s", name, expression)
	}
	return found[1]
}

func TestImageIsBuiltFromTheCommand(t *testing.T) {
	t.Parallel()
	command := match(t, "deploy/Dockerfile", `CGO_ENABLED=0 [^\n]*\\\n +go build [^\n]* (\./\S+)\n`)
	if _, err := os.Stat(filepath.Join(root, command, "main.go")); err != nil {
		t.Errorf("the Dockerfile builds what is not there: %v", err)
	}
}

func TestImageIsBuiltWithTheWorkspacesGo(t *testing.T) {
	t.Parallel()
	image, workspace := match(t, "deploy/Dockerfile", `golang:(\d+\.\d+)`), match(t, "go.work", `(?m)^go (\d+\.\d+)`)
	if image != workspace {
		t.Errorf("built with Go %s, the workspace says %s", image, workspace)
	}
}

// Kubernetes can only check runAsNonRoot against a number.
func TestImageRunsAsANumber(t *testing.T) {
	t.Parallel()
	if user := match(t, "deploy/Dockerfile", `(?m)^USER (\d+):\d+$`); user == "0" {
		t.Error("runs as root")
	}
}

// Images of one version must fire alike: they have no time zone database but the
// one in the program.
func TestImageHasNoTimeZonesOfItsOwn(t *testing.T) {
	t.Parallel()
	if base := match(t, "deploy/Dockerfile", `(?s).*\nFROM (\S+)`); base != "scratch" {
		t.Errorf("the image is based on %s, which may bring a database", base)
	}
}
