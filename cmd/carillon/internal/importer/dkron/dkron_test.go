package dkron

import (
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
	"github.com/carillon-cron/carillon/shared/answer"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/go-cmp/cmp"
)

func read(text string) *importer.Import {
	into := &importer.Import{}
	Read(into, "f", text, "")
	into.Finish("default")
	return into
}

// jobs are in the shape of what GET /v1/jobs answers, and of the documentation of
// the executors; headers are JSON in a text there.
const jobs = `[
 {"id": "sync", "name": "sync", "displayname": "", "timezone": "Europe/Moscow", "schedule": "0 */10 * * * *", "owner": "Team", "owner_email": "t@example.com",
  "success_count": 26, "error_count": 6, "last_success": "2019-11-04T04:37:12.396866367Z", "last_error": null, "disabled": false,
  "tags": {"server": "true:1"}, "metadata": {"dc": "cloud"}, "retries": 2, "dependent_jobs": null, "parent_job": "", "processors": {}, "concurrency": "forbid",
  "executor": "http", "executor_config": {"method": "POST", "url": "https://api.example.com/sync", "headers": "[\"Content-Type: application/json\", \"X-At: 10:30\"]",
   "body": "{\"id\": \"7\"}", "timeout": "20", "expectCode": "200,206", "expectBody": "ok", "debug": "true"},
  "status": "success", "next": "2019-11-28T09:00:00Z", "ephemeral": false, "expires_at": null},
 {"name": "child", "schedule": "@manually", "parent_job": "sync", "executor": "http", "executor_config": {"method": "GET", "url": "https://api.example.com"}},
 {"name": "shell", "schedule": "@every 1m", "executor": "shell", "executor_config": {"shell": "true", "command": "echo hi && date"}, "dependent_jobs": ["x"]},
 {"name": "curl", "schedule": "@hourly", "disabled": true, "executor": "shell", "executor_config": {"shell": "true", "command": "curl -sf -m 5 https://api.example.com/h"}},
 {"name": "kafka", "schedule": "@daily", "executor": "kafka", "executor_config": {"topic": "t"}},
 {"name": "once", "schedule": "@at 2030-01-02T15:04:00Z", "executor": "http", "ephemeral": true, "processors": {"files": {"log_dir": "/x"}},
  "executor_config": {"method": "GET", "url": "https://api.example.com/o", "tlsNoVerifyPeer": "true", "headers": "oops"}},
 {"name": "spread", "schedule": "0 0 ~ * * *", "starts_at": "2026-01-01T00:00:00Z", "expires_at": "2027-01-01T00:00:00Z", "executor": "http", "executor_config": {"method": "GET", "url": "https://api.example.com/h"}},
 "no job"
]`

func TestJobs(t *testing.T) {
	t.Parallel()
	into := read(jobs)
	for i, want := range []struct {
		outcome importer.Outcome
		say     string
	}{
		{importer.Carried, ""}, {importer.Refused, "@manually"}, {importer.Refused, "makes no HTTP call|runs nothing"}, {importer.Carried, ""}, {importer.Refused, `"kafka" makes no HTTP call`},
		{importer.Partly, "executor_config.tlsNoVerifyPeer"}, {importer.Carried, ""}, {importer.Refused, "executor"},
	} {
		item := into.Items[i]
		if item.Outcome() != want.outcome || !said(item, want.say) {
			t.Errorf("%s: %s, lost %v, want %+v", item.Place, item.Outcome(), item.Lost, want)
		}
	}
	want := carillon.Document{
		Namespace: "default", Name: "sync", Overlap: carillon.OverlapSkip, CatchUp: carillon.CatchUp{Policy: carillon.CatchUpSkip},
		Target: carillon.Target{
			Method: "POST", URL: "https://api.example.com/sync", Body: `{"id": "7"}`, Timeout: carillon.Duration(20 * time.Second),
			Headers: map[string]string{"Content-Type": "application/json", "X-At": "10:30"}, Success: &answer.Success{Status: []string{"200", "206"}, Body: "ok"},
		},
		Retry: carillon.Retry{MaxAttempts: 3, On: []string{"connect", "dns", "tls", "timeout", "protocol", "assertion", "100-599"}},
	}
	want.Schedule.Cron, want.Schedule.Timezone = "0 */10 * * * *", "Europe/Moscow"
	if diff := cmp.Diff(want, into.Items[0].Document); diff != "" {
		t.Error(diff)
	}
	if once := into.Items[5]; once.Document.Schedule.At == nil || !said(once, "ephemeral") || !said(once, "processors") || !said(once, "not a list of headers") {
		t.Errorf("%+v", once)
	}
	if s := into.Items[6].Document.Schedule; s.Cron != "0 0 H * * *" || s.Start == nil || s.End == nil {
		t.Errorf("%+v", s)
	}
	if !into.Items[3].Document.Paused {
		t.Error("what is disabled is not paused")
	}
}

// TestRetriesOfCommands: curl calls an answer of 500 a failure only with -f.
func TestRetriesOfCommands(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"curl -s": "connect dns tls timeout protocol", "curl -sf": "connect dns tls timeout protocol 4xx 5xx", "wget -q": "connect dns tls timeout protocol 4xx 5xx",
	} {
		into := read(`{"name": "x", "schedule": "@hourly", "retries": 5, "executor": "shell", "executor_config": {"command": "` + line + ` https://example.com"}}`)
		if got := into.Items[0].Document.Retry; got.MaxAttempts != 6 || strings.Join(got.On, " ") != want {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

// TestWhatIsSaidOfCommands: the time limit is carried, variables are lost.
func TestWhatIsSaidOfCommands(t *testing.T) {
	t.Parallel()
	item := read(`{"name": "x", "schedule": "@hourly", "executor": "shell", "executor_config": {"command": "curl -m 60 https://example.com", "timeout": "10s", "su": "www", "env": "A=b", "cwd": "/x"}}`).Items[0]
	if item.Document.Target.Timeout != carillon.Duration(10*time.Second) || len(item.Lost) != 1 || !said(item, "executor_config.env") || !strings.Contains(item.Remarks.Error(), "www ran it") {
		t.Errorf("%s, lost %v, remarks %v", item.Document.Target.Timeout, item.Lost, item.Remarks)
	}
	if item := read(`{"name": "x", "schedule": "@hourly", "executor": "shell", "executor_config": {"command": "curl https://example.com", "timeout": "soon"}}`).Items[0]; !said(item, "executor_config.timeout") {
		t.Error(item.Lost)
	}
}

// said reports whether one of some texts is in what was lost.
func said(item *importer.Item, texts string) bool {
	for text := range strings.SplitSeq(texts, "|") {
		if strings.Contains(item.Lost.Error(), text) {
			return true
		}
	}
	return false
}

// FuzzJobs: nothing panics, and every job is an item with an end.
func FuzzJobs(f *testing.F) {
	f.Add(jobs)
	f.Add(`{"name": "x", "schedule": "@at x", "executor": "http", "executor_config": {"timeout": -1, "headers": "{}", "url": 5}, "tags": [], "retries": "x"}`)
	f.Add(`[[{}], 1, null, {"jobs": []}]`)
	f.Add(`{"jobs": [{"executor_config": null}`)
	f.Fuzz(func(t *testing.T, text string) {
		jobs, err := importer.Objects(text, "jobs", "items")
		wanted := len(jobs)
		if err != nil {
			wanted++
		}
		into := read(text)
		if len(into.Items) != wanted {
			t.Errorf("%d items of %d", len(into.Items), wanted)
		}
		for _, item := range into.Items {
			if item.Refused && len(item.Lost) == 0 {
				t.Errorf("%s is refused without a reason", item.Place)
			}
		}
	})
}
