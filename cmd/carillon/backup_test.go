package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhatBackupAndRestoreRefuse needs no servers: nothing comes so far.
func TestWhatBackupAndRestoreRefuse(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://127.0.0.1:1/none")
	t.Setenv("NATS_URL", "nats://127.0.0.1:1")
	there := filepath.Join(t.TempDir(), "there")
	if err := os.WriteFile(there, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"backup", there}, "exists already"},
		{[]string{"backup", there + ".new"}, "DATABASE_URL"},
		{[]string{"backup", there + ".new", "-o", "xml"}, "--output"},
		{[]string{"restore", there + ".gone"}, "no such file"},
		{[]string{"restore", there}, "is not a backup"},
		{[]string{"restore", there, "--catch-up", "all"}, "policy or skip"},
		{[]string{"restore", there, "--ran-until", "yesterday"}, "is not an instant"},
	} {
		cmd := rootCommand()
		cmd.SetArgs(c.args)
		cmd.SetOut(&bytes.Buffer{})
		cmd.SetErr(&bytes.Buffer{})
		if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v", c.args, err)
		}
	}
	if content, _ := os.ReadFile(there); string(content) != "mine" {
		t.Error("a file was overwritten")
	}
	if _, err := os.Stat(there + ".new"); err == nil {
		t.Error("a file was left that is no backup")
	}
}

func TestABackupOfNoFolderIsRefused(t *testing.T) {
	t.Setenv("DATABASE_URL", "")
	t.Setenv("NATS_URL", "")
	dir := filepath.Join(t.TempDir(), "nothing")
	cmd := rootCommand()
	cmd.SetArgs([]string{"backup", dir + ".tar.gz", "--data-dir", dir})
	if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), "there is no Carillon in") {
		t.Error(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder was made")
	}
}
