package answer

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/carillon-cron/carillon/shared/fault"
)

// span is a range of statuses, both ends included.
type span struct{ first, last int }

var statusPattern = regexp.MustCompile(`^([1-5])xx$|^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$`)

func readStatuses(faults *fault.Faults, texts []string) []span {
	if len(texts) > maxStatuses {
		faults.Add("status", "must be at most %d, not %d", maxStatuses, len(texts))
		return nil
	}
	spans := make([]span, len(texts))
	for i, text := range texts {
		var ok bool
		if spans[i], ok = readStatus(text); !ok {
			faults.Add(fmt.Sprintf("status[%d]", i), `must be a code like "304", a hundred like "2xx" or a range like "200-204", not %.40q`, text)
		}
	}
	return spans
}

func readStatus(text string) (span, bool) {
	parts := statusPattern.FindStringSubmatch(text)
	if parts == nil {
		return span{}, false
	}
	if parts[1] != "" {
		hundred := int(parts[1][0]-'0') * 100
		return span{hundred, hundred + 99}, true
	}
	first, _ := strconv.Atoi(parts[2])
	last := first
	if parts[3] != "" {
		last, _ = strconv.Atoi(parts[3])
	}
	return span{first, last}, first <= last
}
