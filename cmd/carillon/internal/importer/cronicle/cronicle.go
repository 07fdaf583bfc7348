package cronicle

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
	"github.com/carillon-cron/carillon/shared/carillon"
)

// record is a line of an export.
var record = regexp.MustCompile(`^(\w[\w\-./]*)\s+-\s+(\{.*\})\s*$`)

// schedulePage is the key of a page of events.
var schedulePage = regexp.MustCompile(`^global/schedule/-?\d+$`)

// Read adds an item for every event of a file. The zone is that of events that name
// none.
func Read(into *importer.Import, name, text, zone string) {
	if !strings.Contains(text, "global/schedule") {
		events, err := importer.Objects(text, "rows", "items", "events")
		readEvents(into, name, events, zone)
		if err != nil {
			into.Garbled(name, "%v", err)
		}
		return
	}
	others := 0
	for i, line := range strings.Split(text, "\n") {
		place := fmt.Sprintf("%s:%d", name, i+1)
		found := record.FindStringSubmatch(strings.TrimSpace(line))
		switch {
		case found != nil && schedulePage.MatchString(found[1]):
			readPage(into, place, found[2], zone)
		case found != nil && found[1] != "global/schedule":
			others++
		case found == nil && strings.HasPrefix(line, "global/schedule/"):
			into.Garbled(place, "is not KEY - JSON")
		}
	}
	if others > 0 {
		into.Remarks.Add(name, "%d records that are no events (users, plugins, servers, keys) are left out", others)
	}
}

func readPage(into *importer.Import, place, text, zone string) {
	var page struct {
		Items []map[string]any `json:"items"`
	}
	if err := json.Unmarshal([]byte(text), &page); err != nil {
		into.Garbled(place, "is not JSON: %v", err)
		return
	}
	readEvents(into, place, page.Items, zone)
}

func readEvents(into *importer.Import, place string, events []map[string]any, zone string) {
	for i, event := range events {
		readEvent(into.Begin(fmt.Sprintf("%s[%d]", place, i), ""), event, zone)
	}
}

func readEvent(item *importer.Item, values map[string]any, zone string) {
	event := item.Read(values)
	item.Name = cmp.Or(event.Text("title"), event.Text("id"))
	if item.Name != "" {
		item.Place += " " + item.Name
	}
	event.Skip("id", "created", "modified", "username", "api_key", "session_id", "notes", "algo", "detached", "log_expire_days",
		"log_max_size", "cpu_limit", "cpu_sustain", "memory_limit", "memory_sustain", "stagger", "target", "graph_icon", "salt")
	document := &item.Document
	document.Paused = !event.Flag("enabled")
	if category := event.Text("category"); category != "" {
		document.Labels = map[string]string{"category": category}
	}
	document.Schedule.Timezone = cmp.Or(event.Text("timezone"), zone)
	importer.Zone(item)
	readTiming(item, event)
	importer.Ticking(item)
	readOverlap(item, event)
	document.CatchUp.Policy = carillon.CatchUpSkip
	if event.Flag("catch_up") {
		document.CatchUp = carillon.CatchUp{Policy: carillon.CatchUpAll, Window: carillon.Duration(365 * 24 * time.Hour), Max: 10_000}
	}
	if seconds := event.Number("timeout"); seconds > 0 {
		document.Target.Timeout = carillon.Duration(min(seconds, 1e8)) * carillon.Duration(time.Second)
	}
	readFollowers(event)
	readRetries(item, event, readPlugin(item, event))
	event.Rest()
}

// readFollowers loses what else an event does.
func readFollowers(event *importer.Fields) {
	event.Lose("multiplex", "a run on every server of the group becomes one")
	event.Lose("chain", "runs another event after a success")
	event.Lose("chain_error", "runs another event after a failure")
	event.Lose("notify_success", "mails after a success; only what goes wrong is told here")
	event.Lose("notify_fail", "mails after a failure: make an alert route")
	event.Lose("web_hook", "tells an address of each run: make an alert route")
}

func readOverlap(item *importer.Item, event *importer.Fields) {
	document := &item.Document
	most, queued, queue := event.Number("max_children"), event.Number("queue_max"), event.Flag("queue")
	switch {
	case most == 0:
		document.Overlap = carillon.OverlapAllow
		return
	case most > 1:
		item.Lose("max_children", "%d runs at a time; a job here runs once at a time, or without a limit of its own", most)
	}
	document.Overlap = carillon.OverlapSkip
	if !queue {
		return
	}
	document.Overlap = carillon.OverlapQueue
	document.MaxQueued = int(min(max(queued, 1), 100))
	if queued == 0 || queued > 100 {
		document.MaxQueued = 100
		item.Remark("queue_max", "becomes 100, the most there are")
	}
}

// readRetries keeps how often what fails is tried again.
func readRetries(item *importer.Item, event *importer.Fields, failures []string) {
	retries, delay := max(0, event.Number("retries")), event.Number("retry_delay")
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
	retry := carillon.Retry{MaxAttempts: int(min(retries, 49)) + 1}
	if retries > 0 {
		retry.On = failures
		if delay > 0 {
			retry.MinBackoff = carillon.Duration(min(delay, 86400)) * carillon.Duration(time.Second)
			retry.MaxBackoff = retry.MinBackoff
			item.Remark("retry_delay", "becomes the longest wait; waits here differ from run to run")
		}
	}
	item.Document.Retry = retry
}
