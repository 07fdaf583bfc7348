package cronjob

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/document"
	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/google/go-cmp/cmp"
)

func read(text string) *importer.Import {
	into := &importer.Import{}
	Read(into, "f", text, "")
	into.Finish("default")
	return into
}

// manifests are in the shapes of those that charts of web applications render, of
// what `kubectl create cronjob --dry-run` prints, and of tutorials.
const manifests = `# Source: app/templates/cron.yaml
apiVersion: batch/v1
kind: CronJob
metadata:
  name: refresh
  namespace: web
  labels:
    app: shop
    app.kubernetes.io/name: shop
spec:
  schedule: "*/15 * * * *"
  timeZone: Europe/Berlin
  concurrencyPolicy: Forbid
  suspend: true
  startingDeadlineSeconds: 120
  successfulJobsHistoryLimit: 1
  jobTemplate:
    spec:
      backoffLimit: 2
      activeDeadlineSeconds: 300
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: refresh
              image: curlimages/curl:8.10.1
              imagePullPolicy: IfNotPresent
              env:
                - name: KEY
                  valueFrom:
                    secretKeyRef: {name: shop-keys, key: api_key}
                - {name: HOST, value: shop.web.svc:8080}
              args:
                - --fail-with-body
                - --silent
                - -X
                - POST
                - -H
                - "api-key: $(KEY)"
                - http://$(HOST)/refresh
              resources: {limits: {memory: 32Mi}}
---
apiVersion: v1
kind: Secret
metadata: {name: shop-keys}
---
apiVersion: v1
kind: List
items:
- apiVersion: batch/v1beta1
  kind: CronJob
  metadata:
    annotations: {kubectl.kubernetes.io/last-applied-configuration: "{}"}
    creationTimestamp: "2024-01-01T00:00:00Z"
    managedFields: [{manager: kubectl}]
    name: shell
    uid: 8d5f
  spec:
    schedule: '0 3 */2 * 1'
    jobTemplate:
      metadata: {creationTimestamp: null}
      spec:
        template:
          metadata: {annotations: {sidecar.istio.io/inject: "false"}}
          spec:
            serviceAccountName: runner
            containers:
            - name: shell
              image: alpine
              command: [/bin/sh, -c]
              args:
              - |
                echo "starting"
                wget -q -O - -t 1 --header "X-Key: ${TOKEN}" https://api.example.com/nightly
              env: [{name: TOKEN, valueFrom: {secretKeyRef: {name: tokens, key: nightly}}}]
            restartPolicy: OnFailure
  status: {lastScheduleTime: "2024-01-01T00:00:00Z"}
- apiVersion: batch/v1
  kind: CronJob
  metadata: {name: dump}
  spec: {schedule: "@daily", jobTemplate: {spec: {template: {spec: {containers: [{name: x, image: "postgres:16", command: [sh, -c, "pg_dump > /x"]}]}}}}}
- apiVersion: batch/v1
  kind: CronJob
  metadata: {name: two}
  spec: {schedule: "@daily", jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: curlimages/curl}, {name: b, image: busybox}]}}}}}
- apiVersion: batch/v1
  kind: CronJob
  metadata: {name: config}
  spec: {schedule: "@daily", jobTemplate: {spec: {template: {spec: {initContainers: [{name: i}], containers: [{name: a, image: curlimages/curl, envFrom: [{configMapRef: {name: c}}], args: ["$(URL)"]}]}}}}}
- apiVersion: batch/v1
  kind: CronJob
  metadata: {name: mistake}
  spec: {schedule: "*/1 * * * *", jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: curlimages/curl, command: [curl, -X GET, "https://example.com"]}]}}}}}
- apiVersion: batch/v1
  kind: CronJob
  metadata: {name: several}
  spec: {schedule: "@every 90m", jobTemplate: {spec: {backoffLimit: 0, parallelism: 3, podFailurePolicy: {rules: [{action: Ignore}]}, template: {spec: {containers: [{name: a, image: quay.io/x/curl, args: [-s, "https://example.com"]}]}}}}}
---
kind: CronJob
metadata: {name: {{ .Release.Name }}}
`

func TestManifests(t *testing.T) {
	t.Parallel()
	into := read(manifests)
	for i, want := range []struct {
		outcome importer.Outcome
		name    string
		say     string // of what is lost
	}{
		{importer.Partly, "refresh", "carillon secrets set web/shop-keys-api-key"},
		{importer.Partly, "shell", "carillon secrets set default/tokens-nightly"},
		{importer.Refused, "", "is no HTTP call"},
		{importer.Refused, "", "there are 2; a job is one call"},
		{importer.Refused, "", "uses $(URL)"},
		{importer.Refused, "", "target.method"},
		{importer.Partly, "several", "3 pods at a time"},
		{importer.Refused, "", "helm template"},
	} {
		item := into.Items[i]
		if item.Outcome() != want.outcome || !item.Refused && item.Document.Name != want.name || !strings.Contains(item.Lost.Error(), want.say) {
			t.Errorf("%s: %s %s, lost %v, want %+v", item.Place, item.Outcome(), item.Document.Name, item.Lost, want)
		}
	}
	if len(into.Items) != 8 || len(into.Remarks) != 1 || !strings.Contains(into.Remarks.Error(), `no CronJob, but "Secret"`) {
		t.Errorf("%d items, %v", len(into.Items), into.Remarks)
	}
	second := func(n int) carillon.Duration { return carillon.Duration(time.Duration(n) * time.Second) }
	want := carillon.Document{
		Namespace: "web", Name: "refresh", Labels: map[string]string{"app": "shop"}, Paused: true,
		Target: carillon.Target{
			Method: "POST", URL: "http://shop.web.svc:8080/refresh", Headers: map[string]string{"api-key": "{{secret.shop-keys-api-key}}"}, Timeout: second(300),
		},
		Retry:   carillon.Retry{MaxAttempts: 3, MinBackoff: second(10), MaxBackoff: second(360), On: []string{"connect", "dns", "tls", "timeout", "protocol", "4xx", "5xx"}},
		Overlap: carillon.OverlapSkip, CatchUp: carillon.CatchUp{Policy: carillon.CatchUpLatest, Window: second(120)},
	}
	want.Schedule.Cron, want.Schedule.Timezone = "*/15 * * * *", "Europe/Berlin"
	if diff := cmp.Diff(want, into.Items[0].Document); diff != "" {
		t.Error(diff)
	}
	shell := into.Items[1].Document
	if shell.Schedule.Cron != "0 3 1-31/2 * 1" || shell.Overlap != carillon.OverlapAllow || shell.Target.Headers["X-Key"] != "{{secret.tokens-nightly}}" {
		t.Errorf("%+v", shell)
	}
	if several := into.Items[6].Document; several.Schedule.Every != second(5400) || several.Retry.MaxAttempts != 1 || !strings.Contains(into.Items[6].Lost.Error(), "podFailurePolicy") {
		t.Errorf("%+v %v", several, into.Items[6].Lost)
	}
}

func TestJSONOfKubectl(t *testing.T) {
	t.Parallel()
	into := read(`{"apiVersion": "v1", "kind": "List", "items": [{"kind": "CronJob", "metadata": {"name": "a"}, "spec": {"schedule": "0 0 * * *", "timeZone": "Etc/UTC",
		"jobTemplate": {"spec": {"template": {"spec": {"containers": [{"image": "curlimages/curl", "args": ["-sf", "https://example.com"]}]}}}}}}]}`)
	if len(into.Items) != 1 || into.Items[0].Outcome() != importer.Carried || into.Items[0].Document.Retry.MaxAttempts != 7 {
		t.Errorf("%+v", into.Items[0])
	}
}

// TestDeadlines: none is no limit, and 0 is none at all.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]carillon.CatchUp{
		"":                               {Policy: carillon.CatchUpLatest, Window: carillon.Duration(365 * 24 * time.Hour)},
		"startingDeadlineSeconds: null,": {Policy: carillon.CatchUpLatest, Window: carillon.Duration(365 * 24 * time.Hour)},
		"startingDeadlineSeconds: 0,":    {Policy: carillon.CatchUpSkip},
		"startingDeadlineSeconds: 5,":    {Policy: carillon.CatchUpLatest, Window: carillon.Duration(5 * time.Second)},
	} {
		into := read("kind: CronJob\nmetadata: {name: x}\nspec: {" + text + " schedule: '30 2 * * *', timeZone: Europe/Berlin, jobTemplate: {spec: {template: {spec: {containers: [{image: curlimages/curl, args: ['https://example.com']}]}}}}}")
		document := into.Items[0].Document
		if into.Items[0].Outcome() != importer.Carried || document.CatchUp != want || document.Schedule.DST.Gap != schedule.GapSkip {
			t.Errorf("%q: %+v, lost %v", text, document, into.Items[0].Lost)
		}
	}
}

// TestWhatAnImageRuns: images of curl run it, by any registry and tag; others run what they are told.
func TestWhatAnImageRuns(t *testing.T) {
	t.Parallel()
	for container, want := range map[string]bool{
		"image: 'r.example.com:5000/x/curl@sha256:00', args: ['https://example.com']":     true,
		"image: curlimages/curl, args: [curl, 'https://example.com']":                     true,
		"image: 'radial/busyboxplus:curl', args: [curl, -sf, 'https://example.com']":      true,
		"image: 'radial/busyboxplus:curl', args: ['https://example.com']":                 false,
		"image: busybox, command: [wget], args: [-q, -O-, 'https://example.com']":         true,
		"image: alpine, args: [/bin/sh, -c, 'apk add curl; curl https://example.com']":    false,
		"image: alpine, command: [sh, -c], args: [\"set -e\\ncurl https://example.com\"]": true,
	} {
		into := read("kind: CronJob\nmetadata: {name: x}\nspec: {schedule: '@daily', jobTemplate: {spec: {template: {spec: {containers: [{" + container + "}]}}}}}")
		if got := !into.Items[0].Refused; got != want {
			t.Errorf("%s: carried %v, lost %v", container, got, into.Items[0].Lost)
		}
	}
}

// FuzzManifests: nothing panics, and each manifest is an item or a remark.
func FuzzManifests(f *testing.F) {
	f.Add(manifests)
	for _, part := range document.Split([]byte(manifests)) {
		f.Add(string(part.Text))
		tree, err := document.Parse(part.Text)
		if err != nil {
			continue
		}
		fields, _ := tree.Fields()
		text, _ := json.Marshal(fields)
		f.Add(string(text))
	}
	f.Add("kind: CronJob\nspec: {jobTemplate: [], schedule: {}, suspend: []}\nmetadata: 1")
	f.Add("kind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: {containers: [1, {env: [1, {valueFrom: x}], command: [{}]}]}}}}}")
	f.Fuzz(func(t *testing.T, text string) {
		into := read(text)
		least := len(document.Split([]byte(text)))
		for _, part := range document.Split([]byte(text)) {
			tree, err := document.ParseUpTo(part.Text, maxManifest)
			if err != nil {
				continue
			}
			fields, _ := tree.Fields()
			if items, ok := fields["items"].([]any); ok {
				least += len(items) - 1
			}
		}
		if n := len(into.Items) + len(into.Remarks); n < least {
			t.Errorf("%d of %d manifests are accounted for", n, least)
		}
	})
}
