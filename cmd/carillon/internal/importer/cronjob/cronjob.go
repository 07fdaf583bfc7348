package cronjob

import (
	"fmt"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/document"
	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer/command"
	"github.com/carillon-cron/carillon/shared/carillon"
)

// maxManifest is the longest list that is read: that of a whole cluster.
const maxManifest = 64 << 20

// Read adds an item for every CronJob of a file, and for what cannot be read. The
// zone is that of schedules that name none.
func Read(into *importer.Import, name, text, zone string) {
	for _, part := range document.Split([]byte(text)) {
		place := fmt.Sprintf("%s:%d", name, part.Line+1)
		tree, err := document.ParseUpTo(part.Text, maxManifest)
		if err != nil {
			hint := ""
			if strings.Contains(text, "{{") {
				hint = "; a chart has to be rendered first, by helm template"
			}
			into.Garbled(place, "%v%s", err, hint)
			continue
		}
		manifest, _ := tree.Fields()
		object(into, place, manifest, zone)
	}
}

// object reads a manifest, or those of a list.
func object(into *importer.Import, place string, manifest map[string]any, zone string) {
	kind, _ := manifest["kind"].(string)
	switch items, isList := manifest["items"].([]any); {
	case isList && len(items) == 0:
		into.Remarks.Add(place, "is an empty list")
	case isList:
		for i, item := range items {
			inner, _ := item.(map[string]any)
			object(into, fmt.Sprintf("%s[%d]", place, i), inner, zone)
		}
	case kind == "CronJob":
		cronJob(into.Begin(place, ""), manifest, zone)
	default:
		into.Remarks.Add(place, "is no CronJob, but %.60q", kind)
	}
}

func cronJob(item *importer.Item, manifest map[string]any, zone string) {
	fields := item.Read(manifest)
	fields.Skip("apiVersion", "kind", "status")
	spec := fields.Part("spec")
	readMeta(item, fields.Part("metadata"))
	job := &item.Document
	job.Schedule.Timezone = spec.Text("timeZone")
	when := spec.Text("schedule")
	importer.Robfig(item, when)
	if job.Schedule.Timezone == "" && !strings.Contains(when, "TZ=") {
		job.Schedule.Timezone = zone
		importer.Zone(item)
	}
	importer.Ticking(item)
	job.Paused = spec.Flag("suspend")
	job.Overlap = overlap(item, spec)
	job.CatchUp = catchUp(spec)
	spec.Skip("successfulJobsHistoryLimit", "failedJobsHistoryLimit")
	readTemplate(item, spec.Part("jobTemplate"))
	fields.Rest()
}

// readMeta takes the name, the namespace and the labels.
func readMeta(item *importer.Item, meta *importer.Fields) {
	item.Name = meta.Text("name")
	if item.Name == "" {
		item.Name = strings.TrimSuffix(meta.Text("generateName"), "-")
	}
	if item.Name != "" {
		item.Place += " " + item.Name
	}
	item.Document.Namespace = meta.Text("namespace")
	meta.Skip("annotations", "creationTimestamp", "uid", "resourceVersion", "generation", "managedFields", "selfLink", "ownerReferences", "finalizers", "generateName")
	labels := meta.Part("labels")
	for _, key := range labels.Names() {
		value := labels.Text(key)
		if strings.Contains(key, "/") {
			item.Remark(labels.Path(key), "is left out: a label here has no \"/\"")
			continue
		}
		if item.Document.Labels == nil {
			item.Document.Labels = map[string]string{}
		}
		item.Document.Labels[key] = value
	}
}

func overlap(item *importer.Item, spec *importer.Fields) carillon.Overlap {
	switch policy := spec.Text("concurrencyPolicy"); policy {
	case "", "Allow":
		return carillon.OverlapAllow
	case "Forbid":
		return carillon.OverlapSkip
	case "Replace":
		return carillon.OverlapReplace
	default:
		item.Lose(spec.Path("concurrencyPolicy"), "%.40q is none of Allow, Forbid and Replace", policy)
		return ""
	}
}

// catchUp is what the controller does: it starts the latest of the missed ones,
// however late if there is no deadline.
func catchUp(spec *importer.Fields) carillon.CatchUp {
	const unlimited = carillon.Duration(365 * 24 * time.Hour)
	window := unlimited
	if spec.Raw("startingDeadlineSeconds") != nil {
		window = carillon.Duration(min(spec.Number("startingDeadlineSeconds"), 1e8)) * carillon.Duration(time.Second)
	}
	if window <= 0 {
		return carillon.CatchUp{Policy: carillon.CatchUpSkip}
	}
	return carillon.CatchUp{Policy: carillon.CatchUpLatest, Window: window}
}

// readTemplate reads the Job, its pod and its container.
func readTemplate(item *importer.Item, template *importer.Fields) {
	template.Skip("metadata")
	job := template.Part("spec")
	job.Skip("ttlSecondsAfterFinished", "completionMode", "manualSelector", "selector", "suspend")
	for _, name := range []string{"parallelism", "completions"} {
		if n := job.Number(name); n > 1 {
			item.Lose(job.Path(name), "%d pods at a time; a run is one call", n)
		}
	}
	pod := job.Part("template")
	pod.Skip("metadata")
	container := readPod(item, pod.Part("spec"))
	if n := job.Number("activeDeadlineSeconds"); n > 0 {
		item.Document.Target.Timeout = carillon.Duration(min(n, 1e8)) * carillon.Duration(time.Second)
		item.Remark(job.Path("activeDeadlineSeconds"), "limits each attempt")
	}
	limit := int64(6)
	if n := job.Text("backoffLimit"); n != "" {
		limit = job.Number("backoffLimit")
	}
	if container == nil || item.Refused {
		return
	}
	strict := script(item, container).Into(item)
	retry(item, limit, strict)
}

// retry is what backoffLimit means, unless the program tries again by itself.
func retry(item *importer.Item, limit int64, strict bool) {
	policy := &item.Document.Retry
	if limit < 1 || item.Refused {
		return
	}
	if policy.MaxAttempts > 1 {
		item.Remark("backoffLimit", "is left out: the command tries again by itself")
		return
	}
	if limit > 49 {
		item.Lose("backoffLimit", "%d becomes 49, the most there are", limit)
	}
	*policy = carillon.Retry{
		MaxAttempts: int(min(limit, 49)) + 1,
		MinBackoff:  carillon.Duration(10 * time.Second),
		MaxBackoff:  carillon.Duration(6 * time.Minute),
		On:          command.Failures(strict),
	}
}

// script is what the container runs.
func script(item *importer.Item, container *importer.Fields) command.Script {
	vars := environment(item, container)
	words := append(texts(item, container, "command"), texts(item, container, "args")...)
	image, _, _ := strings.Cut(container.Text("image"), "@")
	image, _, _ = strings.Cut(image[strings.LastIndexByte(image, '/')+1:], ":")
	if !container.Has("command") && strings.Contains(image, "curl") && (len(words) == 0 || words[0] != "curl") {
		words = append([]string{"curl"}, words...) // what the image runs
	}
	for i, word := range words {
		for _, name := range missing(word, vars) {
			item.Refuse("command", "uses $(%s), whose value is not in the manifest; a secret can take its place, as {{secret.name}}", name)
		}
		words[i] = expanded(word, vars)
	}
	return command.Script{Words: words, Vars: vars}
}
