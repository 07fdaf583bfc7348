package crontab

import (
	"regexp"
	"strings"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
)

// schedule makes a line's time the document's.
func (t *table) schedule(item *importer.Item, when string) {
	spec := &item.Document.Schedule
	spec.Timezone = t.zone
	if zone := t.vars["CRON_TZ"]; zone != "" {
		spec.Timezone = zone
	}
	importer.Zone(item)
	lower := strings.ToLower(when)
	switch {
	case lower == "@reboot":
		item.Refuse("schedule", "@reboot is when a machine starts; nothing here does")
	case lower == "@every_minute":
		spec.Cron = "* * * * *"
	case lower == "@every_second":
		spec.Cron = "* * * * * *"
	case strings.Contains(when, "~"):
		spec.Cron = random.ReplaceAllStringFunc(when, hashed)
		item.Remark("schedule", "a random time becomes one that is fixed by the job's id: %s", spec.Cron)
	default:
		spec.Cron = when
	}
}

// random is cronie's "~", with or without numbers around it.
var random = regexp.MustCompile(`(\d*)~(\d*)`)

// hashed writes a random number as H.
func hashed(text string) string {
	from, to, _ := strings.Cut(text, "~")
	if from == "" || to == "" {
		return "H"
	}
	return "H(" + from + "-" + to + ")"
}
