package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// alone runs a command that asks no server.
func alone(t *testing.T, in string, args ...string) (out, told string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := rootCommand()
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	cmd.SetIn(strings.NewReader(in))
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), err
}

func TestValidateNamesFileAndLine(t *testing.T) {
	t.Parallel()
	folder := files(t, map[string]string{
		"a/good.yaml": "name: good\nschedule: {every: 1m}\ntarget: {url: https://example.com}\n",
		"b.yml": "# two\n---\nname: x\nschedule:\n  cron: 61 * * * *\n  timezone: Mars/Olympus\n  blackouts:\n    - dates: [2026-12-25]\n    - cron: '@daily'\n" +
			"target:\n  url: https://example.com\n  timeout: soon\nretry:\n  on:\n    - 5xx\n    - never\n" +
			"---\nname: good\nshedule: {every: 1m}\ntarget: {uri: x}\n---\nname: [\n---\n- 1\n",
		"c.json": "[\n {\"name\": \"c\", \"schedule\": {\"every\": \"1m\"}, \"target\": {\"url\": \"https://example.com\"}},\n" +
			" {\"name\": 7,\n  \"schedule\": {\"every\": \"1m\"},\n  \"target\": {\"url\": \"nowhere\"}}\n]\n",
	})
	_, _, err := alone(t, "", "validate", "-f", folder)
	if err == nil {
		t.Fatal("it is valid")
	}
	for _, want := range []string{
		"b.yml:5: schedule.cron: ", "b.yml:6: schedule.timezone: ", "b.yml:9: schedule.blackouts[1].duration: ", "b.yml:12: target.timeout: ", "b.yml:16: retry.on[1]: ",
		"b.yml:18: name: is that of " + folder + "/a/good.yaml:1 as well", "b.yml:19: shedule: is not a field here", "b.yml:20: target.uri: ",
		"b.yml:21: is not valid YAML", "b.yml:23: must be a set of fields", "c.json:3: name: must be text", "c.json:5: target.url: ",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "good.yaml:1: ") || strings.Contains(err.Error(), "c.json:2: ") {
		t.Errorf("a fault where none is: %v", err)
	}
}

func TestValidationForPrograms(t *testing.T) {
	t.Parallel()
	out, _, err := alone(t, "name: x\nschedule: {every: 1m}\ntarget: {url: x}", "validate", "-f", "-", "-o", "json")
	var got validation
	if jsonErr := json.Unmarshal([]byte(out), &got); jsonErr != nil || err == nil {
		t.Fatal(jsonErr, err, out)
	}
	if got.Documents != 1 || len(got.Faults) != 1 || got.Faults[0].Place != "-:3" || got.Faults[0].Field != "target.url" {
		t.Errorf("%+v", got)
	}
	if _, _, err := alone(t, "", "validate", "-f", t.TempDir()); err == nil {
		t.Error("an empty folder is valid")
	}
	if _, _, err := alone(t, "", "validate", "-f", "/none/such"); err == nil {
		t.Error("a folder that is not there is valid")
	}
}
