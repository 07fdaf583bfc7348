package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
)

func secretsOnALiveSystem(t *testing.T, l *live) {
	set := func(value string, args ...string) error {
		out, err := l.do(t.Context(), value, append([]string{"secrets", "set", "cli/token"}, args...)...)
		if strings.Contains(out, "s3cr3t") {
			t.Error("the value is shown")
		}
		return err
	}
	version := func() int64 {
		secrets := read[[]client.Secret](t, l, "secrets", "list", "--namespace", "cli")
		if len(secrets) != 1 || secrets[0].Name != "token" {
			t.Fatalf("%+v", secrets)
		}
		return secrets[0].Version
	}
	for i, value := range []string{"s3cr3t\n", "s3cr3t\r\n", "s3cr3t"} { // the same thrice
		if err := set(value); err != nil || version() != 1 {
			t.Errorf("%d: version %d, %v", i, version(), err)
		}
	}
	file := filepath.Join(t.TempDir(), "value")
	if err := os.WriteFile(file, []byte("s3cr3t\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := set("", "--from-file", file); err != nil || version() != 1 {
		t.Error(version(), err)
	}
	if err := set("", "--from-file", file, "--exact"); err != nil || version() != 2 {
		t.Error(version(), err)
	}
	for value, want := range map[string]string{"\n": "is empty", "\xff": "UTF-8", strings.Repeat("x", carillon.MaxSecretBytes+1) + "\n": "longer than 64 KiB"} {
		if err := set(value); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if err := set(strings.Repeat("x", carillon.MaxSecretBytes) + "\r\n"); err != nil {
		t.Error(err)
	}
	holds(t, l.ok(t, "secrets", "list"), "SECRET", "cli/token", "3 ")
	holds(t, l.ok(t, "secrets", "delete", "cli/token"), "deleted", "secret cli/token")
	l.refused(t, "404", "secrets", "delete", "cli/token")
}
