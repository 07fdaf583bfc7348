package cloudscheduler

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer/command"
	"github.com/carillon-cron/carillon/shared/carillon"
)

// Read adds an item for every job of a file. The zone is that of jobs that name none.
func Read(into *importer.Import, name, text, zone string) {
	jobs, err := importer.Objects(text, "jobs")
	for i, job := range jobs {
		readJob(into.Begin(fmt.Sprintf("%s[%d]", name, i), ""), job, zone)
	}
	if err != nil {
		into.Garbled(name, "%v", err)
	}
}

func readJob(item *importer.Item, values map[string]any, zone string) {
	job := item.Read(values)
	name := job.Text("name")
	item.Name = name[strings.LastIndexByte(name, '/')+1:]
	if item.Name != "" {
		item.Place += " " + item.Name
	}
	job.Skip("description", "scheduleTime", "lastAttemptTime", "userUpdateTime", "status", "legacyAppEngineCron", "satisfiesPzs")
	item.Document.Paused = job.Text("state") == "PAUSED" || job.Text("state") == "DISABLED"
	item.Document.Schedule.Timezone = cmp.Or(job.Text("timeZone"), zone)
	importer.Zone(item)
	readSchedule(item, job.Text("schedule"))
	item.Document.Target.Timeout = duration(item, job, "attemptDeadline", 3*time.Minute)
	command.Limit(item, "attemptDeadline")
	for _, other := range []string{"pubsubTarget", "appEngineHttpTarget"} {
		if job.Has(other) {
			item.Refuse(other, "is no address that can be called from elsewhere")
			job.Skip(other)
		}
	}
	if job.Has("httpTarget") {
		readTarget(item, job.Part("httpTarget"))
	} else if !item.Refused {
		item.Refuse("httpTarget", "is missing")
	}
	readRetry(item, job.Part("retryConfig"))
	job.Rest()
}

var every = regexp.MustCompile(`^every (\d+) (minutes?|mins?|hours?)$`)

// readSchedule reads cron, and the intervals of App Engine.
func readSchedule(item *importer.Item, when string) {
	found := every.FindStringSubmatch(when)
	switch {
	case found != nil:
		importer.Every(item, found[1]+found[2][:1])
	case strings.HasPrefix(when, "every ") || strings.Contains(when, " of "):
		item.Refuse("schedule", "%.80q is App Engine's form; write it as cron", when)
	default:
		item.Document.Schedule.Cron = when
	}
}

// duration reads "180s", as protobuf writes durations.
func duration(item *importer.Item, fields *importer.Fields, name string, fallback time.Duration) carillon.Duration {
	text := fields.Text(name)
	if text == "" {
		return carillon.Duration(fallback)
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		item.Lose(fields.Path(name), "%.40q is not a duration", text)
		return carillon.Duration(fallback)
	}
	return carillon.Duration(d)
}

func readTarget(item *importer.Item, http *importer.Fields) {
	command.Address(item, http.Path("uri"), http.Text("uri"))
	item.Document.Target.Method = cmp.Or(http.Text("httpMethod"), "POST")
	headers := http.Part("headers")
	for _, name := range headers.Names() {
		value := headers.Text(name)
		if strings.EqualFold(name, "User-Agent") && value == "Google-Cloud-Scheduler" || strings.HasPrefix(strings.ToLower(name), "x-cloudscheduler") {
			item.Remark(headers.Path(name), "is Google's own")
			continue
		}
		item.Header(name, value)
	}
	if text := http.Text("body"); text != "" {
		body, err := base64.StdEncoding.DecodeString(text)
		if err != nil || !utf8.Valid(body) {
			item.Refuse(http.Path("body"), "is not text in base64")
			return
		}
		item.Document.Target.Body = importer.Literal(string(body))
	}
	for _, token := range []string{"oidcToken", "oauthToken"} {
		http.Lose(token, "only Google can make it; have the target accept auth.oauth2, a bearer secret or signing")
	}
}

// readRetry takes the tries. Google doubles the wait maxDoublings times, and adds
// to it from then on.
func readRetry(item *importer.Item, retry *importer.Fields) {
	count := max(0, retry.Number("retryCount"))
	least, most := duration(item, retry, "minBackoffDuration", 5*time.Second), duration(item, retry, "maxBackoffDuration", time.Hour)
	doublings := int64(5)
	if retry.Text("maxDoublings") != "" {
		doublings = retry.Number("maxDoublings")
	}
	total := duration(item, retry, "maxRetryDuration", 0)
	item.Document.Retry.MaxAttempts = int(min(count, 49)) + 1
	if count == 0 && total > 0 {
		item.Lose(retry.Path("maxRetryDuration"), "tries are counted here: set retry.max_attempts")
	}
	if count == 0 {
		return
	}
	if total > 0 {
		item.Lose(retry.Path("maxRetryDuration"), "%s: tries end by their number only", total)
	}
	if count > 49 {
		item.Lose(retry.Path("retryCount"), "%d becomes 49, the most there are", count)
	}
	if count > doublings+1 && least<<min(doublings, 20) < most {
		item.Lose(retry.Path("maxDoublings"), "waits double up to max_backoff, not %d times", doublings)
	}
	const longest = carillon.Duration(24 * time.Hour)
	item.Document.Retry.MinBackoff = min(max(least, carillon.Duration(time.Millisecond)), longest)
	item.Document.Retry.MaxBackoff = min(max(most, item.Document.Retry.MinBackoff), longest)
	item.Document.Retry.On = []string{"connect", "dns", "tls", "timeout", "protocol", "assertion", "auth", "100-199", "300-599"}
}
