package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
)

func TestImportSaysWhatIsLost(t *testing.T) {
	t.Parallel()
	table := "*/5 * * * * curl -fsS -m 10 https://example.com/a\n@reboot /bin/x\n0 1 * * * curl -k -m 5 https://example.com/b\n"
	out, told, err := alone(t, table, "import", "crontab", "-", "--timezone", "Europe/Berlin", "--namespace", "ops")
	if !errors.Is(err, errLosses) {
		t.Errorf("%v, want the exit code of losses", err)
	}
	holds(t, out, "namespace: ops\nname: example.com-a\n", `cron: "*/5 * * * *"`, "timezone: Europe/Berlin", "timeout: 10s", "---\n", "name: example.com-b")
	holds(t, told, "carried  -:1  ->  ops/example.com-a", "refused  -:2", "@reboot", "partly   -:3", "-k: the certificate", "3 items: 1 carried over, 1 in part, 1 not")

	_, told, err = alone(t, table, "import", "crontab", "-", "--report", "json")
	var report importReport
	if err := json.Unmarshal([]byte(told), &report); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, errLosses) || report.Carried != 1 || report.Partly != 1 || report.Refused != 1 || len(report.Items) != 3 ||
		report.Items[1].Outcome != importer.Refused || report.Items[2].Lost[0].Field != "-k" {
		t.Errorf("%+v %v", report, err)
	}
	if _, _, err := alone(t, strings.Split(table, "\n")[0], "import", "crontab", "-"); err != nil {
		t.Errorf("nothing is lost, but %v", err)
	}
	for source, garbage := range map[string]string{
		"gcp": "ERROR: (gcloud) you are not logged in", "dkron": "[]", "cronicle": "<html>", "k8s": "error: no such cluster: [", "crontab": "no crontab for me",
	} {
		for _, text := range []string{garbage, ""} {
			if _, _, err := alone(t, text, "import", source, "-"); !errors.Is(err, errNothing) {
				t.Errorf("%s of %q: %v", source, text, err)
			}
		}
	}
	for _, args := range [][]string{{"import", "crontab", "/none/such"}, {"import", "crontab"}, {"import", "crontab", "-", "--report", "xml"}} {
		if _, _, err := alone(t, "", args...); err == nil || errors.Is(err, errLosses) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// TestImportedFoldersAreValid: what every source becomes is what apply takes.
func TestImportedFoldersAreValid(t *testing.T) {
	t.Parallel()
	for source, text := range map[string]string{
		"crontab":  "0 0 * * * root curl -s https://example.com/x\n",
		"k8s":      "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: x, namespace: web}\nspec: {schedule: '@daily', jobTemplate: {spec: {template: {spec: {containers: [{name: c, image: curlimages/curl, args: ['https://example.com']}]}}}}}\n",
		"dkron":    `[{"name": "x", "schedule": "@every 1h", "executor": "http", "executor_config": {"method": "GET", "url": "https://example.com"}}]`,
		"cronicle": `{"title": "x", "enabled": 1, "plugin": "urlplug", "timing": {"minutes": [0]}, "params": {"url": "https://example.com", "method": "GET"}}`,
		"gcp":      `{"name": "projects/p/locations/l/jobs/x", "schedule": "0 0 * * *", "timeZone": "Etc/UTC", "httpTarget": {"uri": "https://example.com"}}`,
	} {
		folder := t.TempDir()
		if _, told, err := alone(t, text, "import", source, "-", "-o", folder); err != nil {
			t.Errorf("%s: %v %s", source, err, told)
		}
		if found, _ := filepath.Glob(filepath.Join(folder, "*", "*.yaml")); len(found) != 1 {
			t.Errorf("%s: %d files", source, len(found))
		}
		if _, _, err := alone(t, "", "validate", "-f", folder); err != nil {
			t.Errorf("%s: %v", source, err)
		}
		if _, err := os.Stat(folder); err != nil {
			t.Error(err)
		}
	}
}
