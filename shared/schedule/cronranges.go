package schedule

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// text writes a set whose star has a meaning.
func (f *field) text(set uint64, star bool) string {
	if star {
		return f.freed(set)
	}
	return ranges(set)
}

// starred writes a set whose text may begin with a star: exactly "*/n", or
// numbers.
func (f *field) starred(set uint64) string {
	if step := stepOf(set, f.min, f.min+f.period-1); step > 0 {
		return stepText(step)
	}
	return ranges(set)
}

// freed writes a set whose text must begin with a star: the finest steps that
// it holds, then the rest.
func (f *field) freed(set uint64) string {
	for step := 1; step <= f.period; step++ {
		if steps := stepBits(f.min, f.min+f.period-1, step); steps&^set == 0 {
			return joined(stepText(step), ranges(set&^steps))
		}
	}
	return ranges(set)
}

func stepText(step int) string {
	if step == 1 {
		return "*"
	}
	return "*/" + strconv.Itoa(step)
}

// ranges writes a set as numbers: "1-5", "9-17/2", "0,7,30-45".
func ranges(set uint64) string {
	low, high := bits.TrailingZeros64(set), bits.Len64(set)-1
	if step := stepOf(set, low, high); step > 1 && bits.OnesCount64(set) > 2 {
		return fmt.Sprintf("%d-%d/%d", low, high, step)
	}
	var texts []string
	for set != 0 {
		low = bits.TrailingZeros64(set)
		run := bits.TrailingZeros64(^(set >> low))
		texts = append(texts, runText(low, run))
		set &^= (1<<run - 1) << low
	}
	return strings.Join(texts, ",")
}

// runText writes consecutive numbers.
func runText(low, run int) string {
	switch run {
	case 1:
		return strconv.Itoa(low)
	case 2:
		return fmt.Sprintf("%d,%d", low, low+1)
	}
	return fmt.Sprintf("%d-%d", low, low+run-1)
}

func (e *expression) yearText() string {
	if e.years == allYears {
		return "*"
	}
	var texts []string
	for first, ok := e.years.from(firstYear); ok; {
		last, step := e.years.run(first)
		texts = append(texts, progression(first, last, step))
		first, ok = e.years.from(last + 1)
	}
	return strings.Join(texts, ",")
}

// run returns how far the set goes on from a year in equal steps.
func (s *yearSet) run(first int) (last, step int) {
	next, ok := s.from(first + 1)
	if !ok {
		return first, 1
	}
	last, step = next, next-first
	for next, ok = s.from(last + 1); ok && next-last == step; next, ok = s.from(last + 1) {
		last = next
	}
	if last-first == step && step > 1 {
		return first, 1 // two years apart are no progression
	}
	return last, step
}

func progression(first, last, step int) string {
	if step > 1 {
		return fmt.Sprintf("%d-%d/%d", first, last, step)
	}
	return runText(first, last-first+1)
}
