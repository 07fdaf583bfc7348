package schedule

import "fmt"

// listReader checks lists of numbers and remembers the first that is wrong.
type listReader struct{ err error }

// check reports whether a number is within its range.
func (r *listReader) check(name string, n int, ok bool) bool {
	if !ok && r.err == nil {
		r.err = fmt.Errorf("%s=%d is out of range", name, n)
	}
	return ok
}

// within reports whether a number that may count from the end is in 1 to most.
func (r *listReader) within(name string, n, most int) bool {
	return r.check(name, n, n != 0 && n <= most && -n <= most)
}

// bits reads numbers into a set.
func (r *listReader) bits(name string, list []int, low, high int) (set uint64) {
	for _, n := range list {
		if r.check(name, n, n >= low && n <= high) {
			set |= 1 << n
		}
	}
	return set
}

// bothEnds reads numbers that count from the start, or, negative, from the end.
func (r *listReader) bothEnds(name string, list []int, most int) (ahead, back uint64) {
	for _, n := range list {
		switch {
		case !r.within(name, n, most):
		case n > 0:
			ahead |= 1 << n
		default:
			back |= 1 << -n
		}
	}
	return ahead, back
}

// yearDays reads places in a year; none are nil.
func (r *listReader) yearDays(name string, list []int) *yearDays {
	if len(list) == 0 {
		return nil
	}
	var days yearDays
	for _, n := range list {
		switch {
		case !r.within(name, n, 366):
		case n > 0:
			days.ahead[n/64] |= 1 << (n % 64)
		default:
			days.back[-n/64] |= 1 << (-n % 64)
		}
	}
	return &days
}
