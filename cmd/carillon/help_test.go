package main

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestEveryCommandIsExplained by an example in its help, and in its place in the page
// of the command line.
func TestEveryCommandIsExplained(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	services := []string{"carillon planner", "carillon runner", "carillon recorder", "carillon gateway"}
	for _, cmd := range leaves(rootCommand()) {
		path := cmd.CommandPath()
		if cmd.Short == "" || cmd.Example == "" && !strings.Contains(strings.Join(services, ","), path) {
			t.Errorf("%s has no example", path)
		}
		if words := strings.Fields(path); !strings.Contains(string(page), "`"+words[1]) {
			t.Errorf("docs/cli.md does not tell of %s", path)
		}
		for line := range strings.Lines(cmd.Long) {
			if len([]rune(strings.TrimRight(line, "\n"))) > 90 && strings.Contains(cmd.Long, "\n") {
				t.Errorf("%s: a line of its help is too long for a terminal: %s", path, line)
			}
		}
	}
}

func TestCommandsThatThereAreNotFail(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"jobs", "lst"}, {"keys", "revok", "x"}, {"import", "crontabb", "x"}, {"context"}, {"nothing"}} {
		var out bytes.Buffer
		cmd := rootCommand()
		cmd.SetArgs(args)
		cmd.SetOut(&out)
		cmd.SetErr(io.Discard)
		if err := cmd.Execute(); err == nil || out.Len() > 0 {
			t.Errorf("%v: %v, and to standard output: %s", args, err, &out)
		}
	}
}

func leaves(cmd *cobra.Command) (all []*cobra.Command) {
	for _, below := range cmd.Commands() {
		all = append(all, leaves(below)...)
	}
	if len(all) == 0 {
		all = append(all, cmd)
	}
	return all
}
