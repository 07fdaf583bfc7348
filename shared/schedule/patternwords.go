package schedule

import (
	"fmt"
	"math/bits"
)

// maxTimes is how many times of day a description lists.
const maxTimes = 6

// timeWords says at which times of the day the pattern fires. Listed times
// ("02:30 and 14:30") follow a day; the others ("every 5 minutes") precede it.
func (p *pattern) timeWords() (words string, listed bool) {
	if times := p.times(); times != nil {
		return list(times), true
	}
	return p.repeats(), false
}

// times lists the times of day, or returns nil if they are many or run
// through all hours.
func (p *pattern) times() (texts []string) {
	n := bits.OnesCount64(p.hour) * bits.OnesCount64(p.minute) * bits.OnesCount64(p.second)
	if n > maxTimes || p.hour == fields[hour].all() {
		return nil
	}
	for at, ok := p.secondFrom(0); ok; at, ok = p.secondFrom(at + 1) {
		texts = append(texts, clockText(int64(at)))
		if at == secondsPerDay-1 {
			break
		}
	}
	return texts
}

// repeats says "every 15 minutes from 09:00 to 17:45".
func (p *pattern) repeats() string {
	if p.hour == fields[hour].all() {
		return p.beat()
	}
	first, _ := p.secondFrom(0)
	last, _ := p.secondTo(secondsPerDay - 1)
	low, high := bits.TrailingZeros64(p.hour), bits.Len64(p.hour)-1
	step := stepOf(p.hour, low, high)
	if from, to, ok := wrapped(p.hour, 24); ok {
		first, _ := p.secondFrom(secondOf(from, 0, 0))
		last, _ := p.secondTo(secondOf(to, 59, 59))
		return fmt.Sprintf("%s from %s, over midnight, to %s", p.beat(), clockText(int64(first)), clockText(int64(last)))
	}
	switch {
	case step == 0:
		return p.beat() + ", in the hours " + numbers(p.hour)
	case step == 1:
	case bits.OnesCount64(p.minute)*bits.OnesCount64(p.second) == 1:
		return fmt.Sprintf("every %d hours from %s to %s", step, clockText(int64(first)), clockText(int64(last)))
	default:
		return fmt.Sprintf("%s, in every %s hour from %s to %s", p.beat(), ordinal(step), clockText(int64(first)), clockText(int64(last)))
	}
	return fmt.Sprintf("%s from %s to %s", p.beat(), clockText(int64(first)), clockText(int64(last)))
}

// beat says what happens within an hour.
func (p *pattern) beat() string {
	allMinutes, allSeconds := p.minute == fields[minute].all(), p.second == fields[second].all()
	minutes := every60(p.minute, "minute")
	switch {
	case p.second != 1 && allMinutes:
		return every60(p.second, "second")
	case p.second != 1 && allSeconds:
		return "every second of " + minutes
	case p.second != 1:
		return minutes + " at second " + numbers(p.second)
	case p.minute == 1:
		return "every hour"
	}
	return minutes
}

// every60 says "every 15 minutes", or "at minute 5 and 35 of every hour".
func every60(set uint64, unit string) string {
	if step := stepOf(set, 0, 59); step > 0 && 60%step == 0 {
		return "every " + count(step, unit)
	}
	whole := map[string]string{"minute": "hour", "second": "minute"}[unit]
	return fmt.Sprintf("at %s%s %s of every %s", unit, plural(bits.OnesCount64(set)), numbers(set), whole)
}

// stepOf returns n if the set is every n-th number from low to high, and 0 if
// there is no such n.
func stepOf(set uint64, low, high int) int {
	if set>>low&1 == 0 || bits.OnesCount64(set) < 2 {
		return 0
	}
	step := bits.TrailingZeros64(set >> low &^ 1)
	if set != stepBits(low, high, step) {
		return 0
	}
	return step
}

// stepBits is the set of every step-th number from low to high.
func stepBits(low, high, step int) (set uint64) {
	for n := low; n <= high; n += step {
		set |= 1 << n
	}
	return set
}
