package cloudscheduler

import (
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/go-cmp/cmp"
)

func read(text string) *importer.Import {
	into := &importer.Import{}
	Read(into, "f", text, "")
	into.Finish("default")
	return into
}

// jobs are in the shape of what `gcloud scheduler jobs list --format=json` prints;
// bodies are base64 there, and durations are seconds.
const jobs = `[
 {"name": "projects/p/locations/europe-west1/jobs/nightly", "description": "d", "schedule": "30 2 * * *", "timeZone": "Europe/Berlin", "state": "ENABLED",
  "attemptDeadline": "320s", "scheduleTime": "2026-01-01T00:00:00Z", "userUpdateTime": "2025-01-01T00:00:00Z", "status": {},
  "retryConfig": {"retryCount": 3, "minBackoffDuration": "10s", "maxBackoffDuration": "60s", "maxDoublings": 5, "maxRetryDuration": "0s"},
  "httpTarget": {"uri": "https://api.example.com/nightly", "httpMethod": "PUT", "headers": {"Content-Type": "application/json", "User-Agent": "Google-Cloud-Scheduler"}, "body": "e30="}},
 {"name": "projects/p/locations/l/jobs/run", "schedule": "*/15 * * * *", "timeZone": "Etc/UTC", "state": "PAUSED",
  "httpTarget": {"uri": "https://run.example.com/jobs/x:run", "oidcToken": {"serviceAccountEmail": "s@p.example.com", "audience": "a"}},
  "retryConfig": {"maxRetryDuration": "600s", "minBackoffDuration": "5s", "maxBackoffDuration": "3600s", "maxDoublings": 16}},
 {"name": "projects/p/locations/l/jobs/topic", "schedule": "0 * * * *", "timeZone": "Etc/UTC", "pubsubTarget": {"topicName": "projects/p/topics/t", "data": "e30="}},
 {"name": "projects/p/locations/l/jobs/engine", "schedule": "every 24 hours", "timeZone": "Etc/UTC", "appEngineHttpTarget": {"relativeUri": "/x"}},
 {"name": "projects/p/locations/l/jobs/every", "schedule": "every 5 minutes", "timeZone": "Etc/UTC", "attemptDeadline": "1800s", "httpTarget": {"uri": "https://e.example.com", "httpMethod": "GET"}},
 {"name": "projects/p/locations/l/jobs/monday", "schedule": "every monday 09:00", "httpTarget": {"uri": "https://e.example.com"}},
 {"name": "projects/p/locations/l/jobs/new", "schedule": "0 0 * * *", "timeZone": "Etc/UTC", "httpTarget": {"uri": "https://e.example.com", "body": "/w=="}, "surprise": 1}
]`

func TestJobs(t *testing.T) {
	t.Parallel()
	into := read(jobs)
	for i, want := range []struct {
		outcome importer.Outcome
		lost    []string
	}{
		{importer.Carried, nil},
		{importer.Partly, []string{"httpTarget.oidcToken", "retryConfig.maxRetryDuration"}},
		{importer.Refused, []string{"pubsubTarget"}},
		{importer.Refused, []string{"appEngineHttpTarget"}},
		{importer.Carried, nil},
		{importer.Refused, []string{"schedule"}},
		{importer.Refused, []string{"httpTarget.body", "surprise"}},
	} {
		item := into.Items[i]
		var lost []string
		for _, f := range item.Lost {
			lost = append(lost, f.Field)
		}
		if diff := cmp.Diff(want.lost, lost); item.Outcome() != want.outcome || diff != "" {
			t.Errorf("%s: %s %v %s", item.Place, item.Outcome(), item.Lost, diff)
		}
	}
	want := carillon.Document{Namespace: "default", Name: "nightly", Target: carillon.Target{
		Method: "PUT", URL: "https://api.example.com/nightly", Headers: map[string]string{"Content-Type": "application/json"}, Body: "{}", Timeout: carillon.Duration(320 * time.Second),
	}, Retry: carillon.Retry{
		MaxAttempts: 4, MinBackoff: carillon.Duration(10 * time.Second), MaxBackoff: carillon.Duration(time.Minute),
		On: []string{"connect", "dns", "tls", "timeout", "protocol", "assertion", "auth", "100-199", "300-599"},
	}}
	want.Schedule.Cron, want.Schedule.Timezone = "30 2 * * *", "Europe/Berlin"
	if diff := cmp.Diff(want, into.Items[0].Document); diff != "" {
		t.Error(diff)
	}
	if run := into.Items[1].Document; !run.Paused || run.Target.Method != "POST" || run.Retry.MaxAttempts != 1 || run.Target.Timeout != carillon.Duration(3*time.Minute) {
		t.Errorf("%+v", run)
	}
	if every := into.Items[4].Document.Schedule; every.Every != carillon.Duration(5*time.Minute) {
		t.Errorf("%+v", every)
	}
}

// FuzzJobs: nothing panics, and every job is an item with an end.
func FuzzJobs(f *testing.F) {
	f.Add(jobs)
	f.Add(`{"jobs": [{"httpTarget": {"uri": "http://a:b@c", "headers": {"Host": 1}}, "retryConfig": {"retryCount": 99, "maxDoublings": 0, "minBackoffDuration": "-1s"}, "attemptDeadline": "1e9s"}]}`)
	f.Add(`{"httpTarget": [], "schedule": {}, "retryConfig": {"retryCount": -1}} [1]`)
	f.Fuzz(func(t *testing.T, text string) {
		jobs, err := importer.Objects(text, "jobs")
		wanted := len(jobs)
		if err != nil {
			wanted++
		}
		into := read(text)
		if len(into.Items) != wanted {
			t.Errorf("%d items of %d", len(into.Items), wanted)
		}
		for _, item := range into.Items {
			if strings.TrimSpace(item.Lost.Error()) == "" && item.Refused {
				t.Errorf("%s is refused without a reason", item.Place)
			}
		}
	})
}
