package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/preview"
)

// previewOf runs `carillon preview` with some arguments.
func previewOf(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return previewOfInput(t, "", args...)
}

// previewOfInput does so with a text to read from standard input.
func previewOfInput(t *testing.T, in string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := rootCommand()
	cmd.SetOut(&out)
	cmd.SetIn(strings.NewReader(in))
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
	var got preview.Preview
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if len(got.Fires) != 2 || !got.Fires[0].Equal(start.Add(90*time.Second)) || got.Description == "" || got.Warnings == nil {
		t.Errorf("got %+v", got)
	}
}

// holds checks that a text has some parts, in order.
func holds(t *testing.T, text string, parts ...string) {
	t.Helper()
	rest := text
	for _, part := range parts {
		_, after, ok := strings.Cut(rest, part)
		if !ok {
			t.Errorf("no %q, or not in its place, in:\n%s", part, text)
			return
		}
		rest = after
	}
}

func TestPreviewShowsWhatWasBefore(t *testing.T) {
	t.Parallel()
	out, err := previewOf(t, "30 2 * * *", "--tz", "Europe/Berlin", "--from", "2026-03-27T12:00:00Z", "--count", "1", "--previous", "2")
	if err != nil {
		t.Fatal(err)
	}
	holds(t, out, "  Europe/Berlin", "UTC\n",
		"  Thu 2026-03-26 02:30:00 CET", "2026-03-26T01:30:00Z\n", "  Fri 2026-03-27 02:30:00 CET",
		"> Fri 2026-03-27 13:00:00 CET", "2026-03-27T12:00:00Z   from\n", "  Sat 2026-03-28 02:30:00 CET")
}

func TestPreviewShowsNominalBesideEffectiveTimes(t *testing.T) {
	t.Parallel()
	out, err := previewOf(t, "0 * * * *", "--spread", "30m", "--from", "2026-01-01T02:59:00Z", "--count", "1", "--previous", "1")
	if err != nil {
		t.Fatal(err)
	}
	holds(t, out, "nominal Thu 2026-01-01 02:00:00 UTC\n", "> Thu 2026-01-01 02:59:00 UTC   from\n", "nominal Thu 2026-01-01 03:00:00 UTC\n")
}

func TestPreviewOfAJobIsTheJobsOwn(t *testing.T) {
	t.Parallel()
	args := []string{"H H * * *", "--from", "2026-01-01T00:00:00Z", "--count", "1"}
	some, err1 := previewOf(t, args...)
	lower, err2 := previewOf(t, append(args, "--job-id", "0199a6f0-4c1e-7b3a-9d52-6f0e8a1c2b3d")...)
	upper, err3 := previewOf(t, append(args, "--job-id", "0199A6F0-4C1E-7B3A-9D52-6F0E8A1C2B3D")...)
	if err1 != nil || err2 != nil || err3 != nil || lower == some || lower != upper {
		t.Error(some, lower, upper, err1, err2, err3)
	}
}

func TestPreviewByFlags(t *testing.T) {
	t.Parallel()
	from := []string{"--from", "2026-03-28T12:00:00Z", "--count", "1"}
	for want, args := range map[string][]string{
		"2026-03-30T00:30:00Z":        {"30 2 * * *", "--tz", "Europe/Berlin", "--dst-gap", "skip"},
		"2026-10-25T01:30:00Z":        {"30 2 25 10 *", "--tz", "Europe/Berlin", "--dst-repeat", "second"},
		"Thu 2026-12-31 23:00:00 UTC": {"--at", "2026-12-31T23:00:00Z"},
		"Fri 2026-05-01 00:00:00 UTC": {"@daily", "--start", "2026-05-01T00:00:00Z", "--end", "2026-06-01T00:00:00Z"},
		"Fri 2026-04-24 09:00:00 UTC": {"--rrule", "FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=9;BYMINUTE=0;BYSECOND=0", "--anchor", "2026-04-01T00:00:00Z"},
	} {
		out, err := previewOf(t, append(args, from...)...)
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("%v: no %s in\n%s %v", args, want, out, err)
		}
	}
}

func TestPreviewAsYAML(t *testing.T) {
	t.Parallel()
	out, err := previewOf(t, "--every", "90s", "--from", "2026-01-01T00:00:00Z", "--count", "1", "--previous", "1", "-o", "yaml")
	if err != nil {
		t.Fatal(err)
	}
	holds(t, out, "fires:\n- \"2026-01-01T00:01:30Z\"\n", "previous:\n- \"2026-01-01T00:00:00Z\"\n", "timezone: UTC\n", "description: every", "warnings: []\n")
}

func TestPreviewNamesEveryFault(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		want []string
	}{
		"everything": {[]string{"0 25 * * *", "--tz", "Europe/Berln", "--count", "0", "--previous", "-1", "--from", "tomorrow", "-o", "xml",
			"--dst-gap", "jump", "--start", "soon"},
			[]string{"start: ", "cron: ", "timezone: ", "dst.gap: ", "--from: ", "--count: ", "--previous: ", "--output: "}},
		"nothing":         {nil, []string{"needs one of"}},
		"huge counts":     {[]string{"@daily", "--count", "1001", "--previous", "99999"}, []string{"--count: ", "--previous: "}},
		"only what is so": {[]string{"--every", "soon", "--at", "later"}, []string{"every: ", "at: "}},
		"two forms":       {[]string{"@daily", "--every", "90s"}, []string{"every: cannot stand beside cron"}},
	} {
		_, err := previewOf(t, test.args...)
		if err == nil {
			t.Errorf("%s: it previews", name)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), "\n  "+want) {
				t.Errorf("%s: %q is not named in: %v", name, want, err)
			}
		}
		if n := strings.Count(err.Error(), "\n"); n != len(test.want) {
			t.Errorf("%s: %d faults, want %d: %v", name, n, len(test.want), err)
		}
	}
}

func TestPreviewSaysThatNoFiresFollow(t *testing.T) {
	t.Parallel()
	once := []string{"--at", "2026-12-31T23:00:00Z", "--from", "2026-01-01T00:00:00Z"}
	for count, want := range map[string]bool{"1": false, "2": true} {
		out, err := previewOf(t, append(once, "--count", count)...)
		if err != nil || strings.Contains(out, "no further fires") != want {
			t.Errorf("count %s: %v in\n%s", count, err, out)
		}
	}
}

func TestPreviewOfAnUnquotedExpression(t *testing.T) {
	t.Parallel()
	if _, err := previewOf(t, "30", "2", "*", "*", "*"); err == nil || !strings.Contains(err.Error(), "put quotes around it") {
		t.Errorf("got %v", err)
	}
}
