package system

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// storyModule is that of the generated client, whose only dependency is what every
// client of its generator has.
const storyModule = `module story

go 1.26.0

require (
	github.com/google/uuid v1.6.0
	github.com/oapi-codegen/runtime v1.8.0
)
`

const storyGenerator = `package: client
output: client/client.go
generate: {models: true, client: true}
`

// TestAGeneratedClientTellsTheWholeStory has a public generator make a client of the
// OpenAPI document as it is served, and lives the life of a job with nothing else.
func TestAGeneratedClientTellsTheWholeStory(t *testing.T) {
	t.Parallel()
	s, dir := startInProcess(t), t.TempDir()
	story, err := os.ReadFile("testdata/story/main.go")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"go.mod": storyModule, "main.go": string(story), "generator.yaml": storyGenerator, "openapi.json": fetch(t, s.base+"/openapi.json"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "client"), 0o700); err != nil {
		t.Fatal(err)
	}
	generator := filepath.Join(dir, "oapi-codegen")
	storyStep(t, "../../tools", "go", "build", "-o", generator, "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen")
	storyStep(t, dir, generator, "-config", "generator.yaml", "openapi.json")
	storyStep(t, dir, "go", "build", "-mod=mod", "-o", "story", ".")
	quick, slow := newTarget(t, 0), newTarget(t, time.Minute)
	told := storyStep(t, dir, filepath.Join(dir, "story"), s.base, adminKey, quick.url, slow.url)
	if told != "told\n" {
		t.Errorf("the story ends with %q", told)
	}
}

// storyStep runs a command, and returns what it prints.
func storyStep(t *testing.T, dir, command string, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), command, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errs
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s%s", cmd.Args, err, &out, &errs)
	}
	if errs.Len() > 0 {
		t.Logf("%v: %s", cmd.Args, &errs)
	}
	return out.String()
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", url, answer.Status, err)
	}
	return string(content)
}
