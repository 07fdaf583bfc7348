package cronicle

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
)

// unit is a field of a timing, and of cron.
type unit struct {
	name        string
	first, last int64
}

var units = []unit{{"minutes", 0, 59}, {"hours", 0, 23}, {"days", 1, 31}, {"months", 1, 12}, {"weekdays", 0, 6}}

// epoch is where recurrence rules count from; these would be the same from anywhere.
var epoch = time.Unix(0, 0).UTC()

// readTiming makes the timing the document's schedule.
func readTiming(item *importer.Item, event *importer.Fields) {
	if _, ok := event.Raw("timing").(map[string]any); !ok {
		item.Refuse("timing", "runs by hand only: a job here has a schedule; one that is paused runs only by hand")
		event.Skip("timing")
		return
	}
	timing := event.Part("timing")
	given := map[string][]int64{}
	texts := make([]string, len(units))
	for i, u := range units {
		given[u.name] = numbers(item, timing, u.name)
		texts[i] = u.text(given[u.name])
	}
	years := numbers(item, timing, "years")
	spec := &item.Document.Schedule
	switch both := texts[2] != "*" && texts[4] != "*"; {
	case both && len(years) > 0:
		item.Refuse("timing", "years beside days and weekdays; write a rule for each")
	case both:
		spec.RRule, spec.Anchor = rule(given), &epoch
		item.Remark("timing", "days and weekdays have to fit both, which cron cannot say; it is an rrule")
	case len(years) > 0:
		spec.Cron = "0 " + strings.Join(texts, " ") + " " + listed(years)
	default:
		spec.Cron = strings.Join(texts, " ")
	}
}

// numbers reads a list of numbers, in order.
func numbers(item *importer.Item, timing *importer.Fields, name string) (list []int64) {
	for _, value := range timing.List(name) {
		n, err := strconv.ParseInt(fmt.Sprint(value), 10, 64)
		if err != nil {
			item.Refuse(timing.Path(name), "%.40v is not a number", value)
			continue
		}
		list = append(list, n)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// text writes a field of cron; what is not given is any.
func (u unit) text(list []int64) string {
	if len(list) == 0 || int64(len(list)) == u.last-u.first+1 && list[0] == u.first && list[len(list)-1] == u.last {
		return "*"
	}
	return listed(list)
}

// listed writes numbers, and three or more in a row as a range.
func listed(list []int64) string {
	var parts []string
	for i := 0; i < len(list); {
		end := i
		for end+1 < len(list) && list[end+1] == list[end]+1 {
			end++
		}
		if end-i < 2 {
			parts = append(parts, strconv.FormatInt(list[i], 10))
			i++
			continue
		}
		parts = append(parts, fmt.Sprintf("%d-%d", list[i], list[end]))
		i = end + 1
	}
	return strings.Join(parts, ",")
}

// rule writes the timing as a recurrence rule, whose parts all have to fit.
func rule(given map[string][]int64) string {
	days := []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}
	var weekdays []string
	for _, day := range given["weekdays"] {
		if day >= 0 && day < 7 {
			weekdays = append(weekdays, days[day])
		}
	}
	text := "FREQ=DAILY"
	if len(given["months"]) > 0 {
		text += ";BYMONTH=" + plain(given["months"], 0, 0)
	}
	return text + ";BYMONTHDAY=" + plain(given["days"], 1, 31) + ";BYDAY=" + strings.Join(weekdays, ",") +
		";BYHOUR=" + plain(given["hours"], 0, 23) + ";BYMINUTE=" + plain(given["minutes"], 0, 59) + ";BYSECOND=0"
}

// plain writes numbers one by one; none are all of a range.
func plain(list []int64, first, last int64) string {
	if len(list) == 0 {
		for n := first; n <= last; n++ {
			list = append(list, n)
		}
	}
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(texts, ",")
}
