package importer

import (
	"strings"
)

// Robfig makes a schedule of the Go library robfig/cron the document's. It has
// other rules than crontab(5) where both day fields are restricted: there "*/2"
// counts as a restriction, and a list with a star in it as none.
func Robfig(item *Item, when string) {
	spec := &item.Document.Schedule
	if interval, ok := strings.CutPrefix(when, "@every "); ok {
		Every(item, strings.TrimSpace(interval))
		return
	}
	zone := ""
	if strings.HasPrefix(when, "TZ=") || strings.HasPrefix(when, "CRON_TZ=") {
		prefix, rest, _ := strings.Cut(when, " ")
		zone, when = prefix+" ", strings.TrimSpace(rest)
	}
	spec.Cron = zone + when
	fields := strings.Fields(when)
	if len(fields) != 5 && len(fields) != 6 {
		return
	}
	days := []int{len(fields) - 3, len(fields) - 1}
	whole := []string{"1-31", "0-6"}
	for i, at := range days {
		fields[at] = unstarred(fields[at], whole[i])
	}
	if written := zone + strings.Join(fields, " "); written != zone+strings.Join(strings.Fields(when), " ") {
		item.Remark("schedule", "%q is written %q, which fires on the same days", when, written)
		spec.Cron = written
	}
}

// unstarred writes a day field so that it means here what it means there.
func unstarred(field, whole string) string {
	items := strings.Split(field, ",")
	for i, item := range items {
		base, step, stepped := strings.Cut(item, "/")
		switch {
		case base != "*" && base != "?":
		case !stepped || step == "1":
			return "*"
		default:
			items[i] = whole + "/" + step
		}
	}
	return strings.Join(items, ",")
}

// Every makes an interval the document's schedule.
func Every(item *Item, interval string) {
	if err := item.Document.Schedule.Every.UnmarshalText([]byte(interval)); err != nil {
		item.Refuse("schedule", "%v", err)
		return
	}
	item.Remark("schedule", "the interval is counted from 1970 on, not from the last start; schedule.anchor moves it")
}
