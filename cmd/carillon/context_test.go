package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// inContext runs a command without flags that say where the server is.
func inContext(in string, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := rootCommand()
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetIn(strings.NewReader(in))
	cmd.SetArgs(args)
	err := cmd.Execute()
	return out.String(), err
}

// placeOf is what a command with these flags asks.
func placeOf(c connection) string {
	server, key, err := c.place()
	return strings.Join([]string{server, key, errorText(err)}, " ")
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// It changes the environment, so it does not run beside others.
func TestContexts(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", home)
	for _, name := range []string{"CARILLON_SERVER", "CARILLON_KEY", "CARILLON_CONTEXT"} {
		t.Setenv(name, "")
	}
	if got := placeOf(connection{}); got != defaultServer+"  " {
		t.Errorf("without a context: %q", got)
	}
	for name, key := range map[string]string{"a": "key-a\n", "b": "key-b"} {
		if _, err := inContext(key, "context", "add", name, "--server", "https://"+name+".example.com"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := inContext("", "context", "use", "a"); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(home, "carillon", "contexts.json")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	out, err := inContext("", "context", "list")
	if holds(t, out, "IN USE", "yes", "a ", "https://a.example.com", "no", "b "); err != nil || strings.Contains(out, "key-") {
		t.Error(out, err)
	}
	precedence(t)
	refusals(t, file)
}

func precedence(t *testing.T) {
	const a, b = "https://a.example.com key-a ", "https://b.example.com key-b "
	for _, c := range []struct {
		name        string
		flags       connection
		environment map[string]string
		want        string
	}{
		{"the context in use", connection{}, nil, a},
		{"a flag's context", connection{context: "b"}, nil, b},
		{"the environment's context", connection{}, map[string]string{"CARILLON_CONTEXT": "b"}, b},
		{"a flag's context and all that the environment says", connection{context: "b"},
			map[string]string{"CARILLON_CONTEXT": "a", "CARILLON_SERVER": "http://s", "CARILLON_KEY": "k"}, b},
		{"the environment's server has no key of a context", connection{}, map[string]string{"CARILLON_SERVER": "http://s", "CARILLON_CONTEXT": "b"}, "http://s  "},
		{"a flag's server has no key of a context", connection{server: "http://s"}, nil, "http://s  "},
		{"a key for the context", connection{key: "k"}, nil, "https://a.example.com k "},
		{"the environment's key is not for the context", connection{}, map[string]string{"CARILLON_KEY": "k"}, a},
		{"nor for a flag's server", connection{server: "http://t"}, map[string]string{"CARILLON_SERVER": "http://s", "CARILLON_KEY": "k"}, "http://t  "},
		{"but for the environment's", connection{}, map[string]string{"CARILLON_SERVER": "http://s", "CARILLON_KEY": "k"}, "http://s k "},
		{"also where a flag names it", connection{server: "http://s"}, map[string]string{"CARILLON_SERVER": "http://s", "CARILLON_KEY": "k"}, "http://s k "},
		{"no such context", connection{context: "c"}, nil, defaultServer + `  there is no context "c": carillon context list shows those that there are`},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, value := range c.environment {
				t.Setenv(name, value)
			}
			if got := placeOf(c.flags); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	if _, err := (&connection{server: "https://c.example.com"}).client(); err == nil || !strings.Contains(err.Error(), "there is no API key for c.example.com") {
		t.Errorf("another machine's server gets the admin key of this one: %v", err)
	}
}

func refusals(t *testing.T, file string) {
	for want, args := range map[string][]string{
		"is not an address such as": {"context", "add", "c", "--server", "example.com"},
		"the value is empty":        {"context", "add", "c", "--server", "https://c.example.com"},
		"there is no context":       {"context", "use", "c"},
		"none of the others":        {"whoami", "--server", "http://s", "--context", "a"},
	} {
		if _, err := inContext("", args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", args, err)
		}
	}
	if out, err := inContext("", "context", "delete", "a"); err != nil || strings.Contains(out, "yes") || !strings.Contains(out, "https://b") {
		t.Error(out, err)
	}
	if got := placeOf(connection{}); got != defaultServer+"  " {
		t.Errorf("with none in use: %q", got)
	}
	t.Setenv("CARILLON_KEY", "k")
	if got := placeOf(connection{}); got != defaultServer+" k " {
		t.Errorf("with none in use, and a key: %q", got)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := inContext("", "context", "list"); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Error(err)
	}
	if err := errors.Join(os.Chmod(file, 0o600), os.WriteFile(file, []byte("{"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := inContext("", "context", "list"); err == nil || !strings.Contains(err.Error(), "correct the file, or remove it") {
		t.Error(err)
	}
}
