package schedule

import (
	"fmt"
	"strings"
	"time"
)

// moment is an instant, and what the clocks of a zone show then. If they jump
// over the civil time, the instant is that of the jump.
type moment struct{ civil, at int64 }

// readMoment reads "20270104T090000" on the clocks of a zone,
// "TZID=Europe/Berlin:20270104T090000", "20270104T080000Z" or "20270104".
func readMoment(value string, z *zone) (moment, error) {
	local := z
	if name := tzid(value); name != "" {
		var err error
		if local, err = loadZone(name); err != nil {
			return moment{}, err
		}
	}
	text := lastPart(value)
	if at, err := time.Parse("20060102T150405Z", text); err == nil {
		return moment{z.civil(at.Unix()), at.Unix()}, nil
	}
	for _, layout := range []string{"20060102T150405", "20060102"} {
		if civil, err := time.Parse(layout, text); err == nil {
			at := local.instant(civil.Unix())
			if local != z {
				return moment{z.civil(at), at}, nil
			}
			return moment{civil.Unix(), at}, nil
		}
	}
	return moment{}, fmt.Errorf("%s is not a time; write for example \"20270104T090000\"", quote(text))
}

// lastPart cuts the parameters off a value.
func lastPart(value string) string { return value[strings.LastIndex(value, ":")+1:] }

// isDate tells "20270104" from times.
func isDate(value string) bool { return len(lastPart(value)) == len("20270104") }

// tzid returns the time zone among the parameters of "TZID=Europe/Berlin:2027…".
func tzid(value string) string {
	parameters, _, found := strings.Cut(value, ":")
	if found {
		for p := range strings.SplitSeq(parameters, ";") {
			if name, value, _ := strings.Cut(p, "="); strings.EqualFold(name, "TZID") {
				return value
			}
		}
	}
	return ""
}
