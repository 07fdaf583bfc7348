package importer

import (
	"cmp"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// Zone says so where a source names no time zone, and takes UTC.
func Zone(item *Item) {
	if item.Document.Schedule.Timezone == "" {
		item.Remark("timezone", "is not said; the times are taken for UTC, unless --timezone says otherwise")
	}
}

// Ticking keeps what comes of changing clocks under a scheduler that compares them with
// its fields as time goes by, as robfig/cron and Cronicle do: a local time that is jumped
// over does not come, one that is repeated comes twice. It is called once the schedule
// and its zone are known.
func Ticking(item *Item) {
	spec := &item.Document.Schedule
	zone, when := spec.Timezone, spec.Cron
	if prefix, rest, ok := strings.Cut(when, " "); ok && strings.Contains(prefix, "TZ=") {
		_, zone, _ = strings.Cut(prefix, "=")
		when = rest
	}
	if changes(cmp.Or(zone, "UTC")) && (spec.RRule != "" || namesHour(when)) {
		spec.DST = schedule.DST{Gap: schedule.GapSkip, Repeat: schedule.RepeatBoth}
	}
}

// changes reports whether the clocks of a zone are going to change.
func changes(zone string) bool {
	location, err := time.LoadLocation(zone)
	if err != nil {
		return false // the document is refused for it
	}
	_, end := time.Now().In(location).ZoneBounds()
	return !end.IsZero()
}

// namesHour reports whether a cron expression means hours of the day; others mean
// elapsed time, which no clock changes.
func namesHour(when string) bool {
	fields := strings.Fields(when)
	switch {
	case len(fields) == 1:
		return !strings.EqualFold(when, "@hourly")
	case len(fields) < 5:
		return false
	}
	at := 1
	if len(fields) > 5 {
		at = 2 // behind the seconds
	}
	return !strings.HasPrefix(fields[at], "*") && fields[at] != "?"
}
