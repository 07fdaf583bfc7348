package dkron

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer/command"
	"github.com/carillon-cron/carillon/shared/answer"
	"github.com/carillon-cron/carillon/shared/carillon"
)

// Read adds an item for every job of a file. The zone is that of jobs that name none.
func Read(into *importer.Import, name, text, zone string) {
	jobs, err := importer.Objects(text, "jobs", "items")
	for i, job := range jobs {
		readJob(into.Begin(fmt.Sprintf("%s[%d]", name, i), ""), job, zone)
	}
	if err != nil {
		into.Garbled(name, "%v", err)
	}
}

func readJob(item *importer.Item, values map[string]any, zone string) {
	job := item.Read(values)
	item.Name = cmp.Or(job.Text("name"), job.Text("id"))
	if item.Name != "" {
		item.Place += " " + item.Name
	}
	job.Skip("id", "displayname", "owner", "owner_email", "success_count", "error_count", "last_success", "last_error", "status", "next", "metadata")
	if job.Has("owner") || job.Has("owner_email") {
		item.Remark("owner", "%s %s: alert routes tell of failures", job.Text("owner"), job.Text("owner_email"))
	}
	document := &item.Document
	document.Schedule.Timezone = cmp.Or(job.Text("timezone"), zone)
	importer.Zone(item)
	readSchedule(item, job)
	importer.Ticking(item)
	readBounds(item, job)
	document.Paused = job.Flag("disabled")
	document.CatchUp.Policy = carillon.CatchUpSkip
	document.Overlap = carillon.OverlapAllow
	if job.Text("concurrency") == "forbid" {
		document.Overlap = carillon.OverlapSkip
	}
	readTags(item, job)
	readRetries(item, job, readExecutor(item, job))
	job.Rest()
}

func readSchedule(item *importer.Item, job *importer.Fields) {
	when := job.Text("schedule")
	instant, isInstant := strings.CutPrefix(when, "@at ")
	switch {
	case isInstant:
		at, err := time.Parse(time.RFC3339, strings.TrimSpace(instant))
		if err != nil {
			item.Refuse("schedule", "%.60q is not an instant", instant)
		}
		item.Document.Schedule.At = &at
		item.Document.Schedule.Timezone = ""
	case when == "@manually":
		item.Refuse("schedule", "@manually: a job here has a schedule; one that is paused runs only by hand")
	case when == "@minutely":
		item.Document.Schedule.Cron = "* * * * *"
	case job.Has("parent_job"):
		item.Refuse("parent_job", "runs after %.60s; jobs here do not wait for each other", job.Text("parent_job"))
	default:
		if strings.Contains(when, "~") {
			item.Remark("schedule", "~ becomes H: another number that is fixed by the job's id")
			when = strings.ReplaceAll(when, "~", "H")
		}
		importer.Robfig(item, when)
	}
	job.Skip("parent_job")
	if n := len(job.List("dependent_jobs")); n > 0 {
		item.Lose("dependent_jobs", "%d jobs that run after this one", n)
	}
}

// readBounds takes the first and the last instant.
func readBounds(item *importer.Item, job *importer.Fields) {
	for name, bound := range map[string]**time.Time{"starts_at": &item.Document.Schedule.Start, "expires_at": &item.Document.Schedule.End} {
		text := job.Text(name)
		if text == "" || strings.HasPrefix(text, "0001-") {
			continue
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			item.Lose(name, "%.60q is not an instant", text)
			continue
		}
		*bound = &at
	}
}

// readTags: tags choose nodes.
func readTags(item *importer.Item, job *importer.Fields) {
	tags := job.Part("tags")
	for _, name := range tags.Names() {
		item.Remark(tags.Path(name), "%s chose nodes; any runner calls", tags.Text(name))
	}
	job.Lose("ephemeral", "the job was deleted after its run")
	job.Lose("processors", "what they did with the output is not done")
}

// readRetries keeps how often what fails is tried again.
func readRetries(item *importer.Item, job *importer.Fields, failures []string) {
	retries := job.Number("retries")
	if retries > 49 {
		item.Lose("retries", "%d becomes 49, the most there are", retries)
	}
	own := item.Document.Retry.MaxAttempts // the command's
	switch {
	case own > 1 && retries == 0:
		return
	case own > 1:
		item.Lose("command", "its own %d tries; those of retries count", own)
	}
	item.Document.Retry = carillon.Retry{MaxAttempts: int(max(0, min(retries, 49))) + 1}
	if retries > 0 {
		item.Document.Retry.On = failures
	}
}

// readExecutor reads what a job does, and returns of what it fails.
func readExecutor(item *importer.Item, job *importer.Fields) (failures []string) {
	config := job.Part("executor_config")
	switch executor := job.Text("executor"); {
	case executor == "http":
		readCall(item, config)
	case executor == "shell" || executor == "" && job.Has("command"):
		readShell(item, config)
		text := cmp.Or(config.Text("command"), job.Text("command"))
		job.Skip("shell")
		job.Lose("environment_variables", "a call has none")
		return command.Failures(command.Script{Text: text}.Into(item))
	default:
		config.Skip(config.Names()...)
		item.Refuse("executor", "%.60q makes no HTTP call", executor)
	}
	return []string{"connect", "dns", "tls", "timeout", "protocol", "assertion", "100-599"}
}

// readShell reads what is said of a command beside itself.
func readShell(item *importer.Item, config *importer.Fields) {
	if text := config.Text("timeout"); text != "" {
		limit, err := time.ParseDuration(text)
		if err != nil || limit < 0 {
			item.Lose(config.Path("timeout"), "%.40q is not a duration", text)
			limit = 0
		}
		item.Document.Target.Timeout = carillon.Duration(limit)
	}
	if user := config.Text("su"); user != "" {
		item.Remark(config.Path("su"), "%.60s ran it; a target is called by a runner", user)
	}
	config.Lose("env", "a call has no variables")
	config.Skip("shell", "cwd", "mem_limit_kb")
}

func readCall(item *importer.Item, config *importer.Fields) {
	target := &item.Document.Target
	command.Address(item, config.Path("url"), config.Text("url"))
	target.Method = config.Text("method")
	target.Body = importer.Literal(config.Text("body"))
	target.Timeout = carillon.Duration(30 * time.Second)
	if seconds := config.Number("timeout"); seconds > 0 {
		target.Timeout = carillon.Duration(min(seconds, 1e8)) * carillon.Duration(time.Second)
	}
	command.Limit(item, config.Path("timeout"))
	readHeaders(item, config)
	target.Success = &answer.Success{Status: []string{"100-599"}, Body: config.Text("expectBody")}
	if codes := config.Text("expectCode"); codes != "" {
		target.Success.Status = strings.FieldsFunc(codes, func(r rune) bool { return r == ',' || r == ' ' })
	}
	config.Skip("debug")
	if config.Flag("tlsNoVerifyPeer") {
		item.Lose(config.Path("tlsNoVerifyPeer"), "the certificate of a target is always checked")
	}
	for _, name := range []string{"tlsCertificateFile", "tlsCertificateKeyFile"} {
		config.Lose(name, "a client certificate becomes a secret: auth.mtls")
	}
	config.Lose("tlsRootCAsFile", "auth.mtls.ca of the target, or the system's authorities")
}

// readHeaders reads a list of "Name: value", or an object, both as text in JSON.
func readHeaders(item *importer.Item, config *importer.Fields) {
	text := config.Text("headers")
	if text == "" {
		return
	}
	var list []string
	var pairs map[string]string
	if json.Unmarshal([]byte(text), &list) != nil && json.Unmarshal([]byte(text), &pairs) != nil {
		item.Lose(config.Path("headers"), "%.60q is not a list of headers", text)
		return
	}
	if pairs != nil {
		item.Lose(config.Path("headers"), "is an object, which Dkron does not send; write them into the document")
	}
	for _, line := range list {
		name, value, ok := strings.Cut(line, ":")
		switch {
		case line == "":
		case !ok:
			item.Lose(config.Path("headers"), "%.60q is not a header", line)
		default:
			item.Header(http.CanonicalHeaderKey(strings.TrimSpace(name)), strings.TrimSpace(value))
		}
	}
}
