package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// previewOf runs `carillon preview` with some arguments.
func previewOf(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := rootCommand()
	cmd.SetOut(&out)
	cmd.SetArgs(append([]string{"preview"}, args...))
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestPreviewSaysWhenInWordsAndWarns(t *testing.T) {
	t.Parallel()
	out, err := previewOf(t, "30 2 * * *", "--tz", "Europe/Berlin", "--from", "2026-03-27T12:00:00Z", "--count", "2")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"every day at 02:30 Berlin time", "2026-03-28T01:30:00Z", "Sun 2026-03-29 03:00:00 CEST", "! 2026-03-29: "} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}

func TestPreviewAsJSON(t *testing.T) {
	t.Parallel()
	out, err := previewOf(t, "--every", "90s", "--from", "2026-01-01T00:00:00Z", "--count", "2", "-o", "json")
	if err != nil {
		t.Fatal(err)
	}
	var got preview
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if len(got.Fires) != 2 || !got.Fires[0].Equal(start.Add(90*time.Second)) || got.Description == "" || got.Warnings == nil {
		t.Errorf("got %+v", got)
	}
}

func TestPreviewNamesEveryFault(t *testing.T) {
	t.Parallel()
	_, err := previewOf(t, "0 25 * * *", "--tz", "Europe/Berln", "--count", "0", "--from", "tomorrow", "-o", "xml")
	if err == nil {
		t.Fatal("it previews")
	}
	for _, want := range []string{"cron", "timezone", "--count", "--from", "--output"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in: %v", want, err)
		}
	}
}
