package schedule

import (
	"fmt"
	"strconv"
	"strings"
)

// allYears are the years that the engine knows.
var allYears = func() (all yearSet) {
	for y := firstYear; y < endYear; y++ {
		all.add(y)
	}
	return all
}()

// parseYears reads the year field: numbers, ranges, steps and lists. go-cron
// would build a range up to the year 2147483647 one by one.
func parseYears(text string) (yearSet, error) {
	var years yearSet
	for item := range strings.SplitSeq(text, ",") {
		low, high, step, ok := yearRange(item)
		if !ok || low < firstYear || high >= endYear || low > high || step < 1 || step > endYear-firstYear {
			return years, fmt.Errorf("the year field %s is wrong: use %d-%d, for example \"2027\" or \"2026-2030\"",
				quote(text), firstYear, endYear-1)
		}
		for y := low; y <= high; y += step {
			years.add(y)
		}
	}
	return years, nil
}

func yearRange(item string) (low, high, step int, ok bool) {
	span, stepText, stepped := strings.Cut(item, "/")
	step, errStep := 1, error(nil)
	if stepped {
		step, errStep = strconv.Atoi(stepText)
	}
	if span == "*" {
		return firstYear, endYear - 1, step, errStep == nil
	}
	from, to, ranged := strings.Cut(span, "-")
	low, errLow := strconv.Atoi(from)
	high, errHigh := low, error(nil)
	switch {
	case ranged:
		high, errHigh = strconv.Atoi(to)
	case stepped:
		high = endYear - 1
	}
	return low, high, step, errStep == nil && errLow == nil && errHigh == nil
}
