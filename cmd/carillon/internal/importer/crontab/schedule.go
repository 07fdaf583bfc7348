package crontab

import (
	"cmp"
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
	if spec.Timezone == "" && !t.told {
		t.told = true
		t.into.Remarks.Add(t.name, "names no time zone; its times are taken for UTC, unless --timezone says otherwise")
	}
	lower := strings.ToLower(when)
	switch {
	case lower == "@reboot":
		item.Refuse("schedule", "@reboot is when a machine starts; nothing here does")
	case lower == "@every_minute":
		spec.Cron = "* * * * *"
	case lower == "@every_second":
		spec.Cron = "* * * * * *"
	case strings.Contains(when, "~"):
		spec.Cron = hashed(when)
		item.Remark("schedule", "a random time becomes one that is fixed by the job's id: %s", spec.Cron)
	default:
		spec.Cron = when
	}
}

// random is cronie's "~", with or without numbers around it.
var random = regexp.MustCompile(`(\d*)~(\d*)`)

// bounds are the first and the last number of each field: what a side of "~" means
// that is left open.
var bounds = [][2]string{{"0", "59"}, {"0", "23"}, {"1", "31"}, {"1", "12"}, {"0", "7"}}

// hashed writes random numbers as H.
func hashed(when string) string {
	fields := strings.Fields(when)
	for i, bound := range bounds[:min(len(bounds), len(fields))] {
		fields[i] = random.ReplaceAllStringFunc(fields[i], func(text string) string {
			from, to, _ := strings.Cut(text, "~")
			if from == "" && to == "" {
				return "H"
			}
			return "H(" + cmp.Or(from, bound[0]) + "-" + cmp.Or(to, bound[1]) + ")"
		})
	}
	return strings.Join(fields, " ")
}
