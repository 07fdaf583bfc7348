package schedule

import "slices"

// source yields instants, in whole Unix seconds and in order.
type source interface {
	// next returns the first instant that is not before the given one.
	next(instant int64) (int64, bool)
	// prev returns the last instant that is not after the given one.
	prev(instant int64) (int64, bool)
}

// anyOf fires when any of its sources does, and once where several do.
type anyOf []source

func union(rules []rule) source {
	if len(rules) == 1 {
		return rules[0]
	}
	all := make(anyOf, len(rules))
	for i, r := range rules {
		all[i] = r
	}
	return all
}

func (a anyOf) next(instant int64) (earliest int64, ok bool) {
	for _, s := range a {
		if found, any := s.next(instant); any && (!ok || found < earliest) {
			earliest, ok = found, true
		}
	}
	return earliest, ok
}

func (a anyOf) prev(instant int64) (latest int64, ok bool) {
	for _, s := range a {
		if found, any := s.prev(instant); any && (!ok || found > latest) {
			latest, ok = found, true
		}
	}
	return latest, ok
}

// instants is a sorted list of single instants.
type instants []int64

// sorted puts a list in order, each instant once.
func sorted(list instants) instants {
	slices.Sort(list)
	return slices.Compact(list)
}

func (l instants) next(instant int64) (int64, bool) {
	i, _ := slices.BinarySearch(l, instant)
	if i == len(l) {
		return never, false
	}
	return l[i], true
}

func (l instants) prev(instant int64) (int64, bool) {
	i, _ := slices.BinarySearch(l, instant+1)
	if i == 0 {
		return never, false
	}
	return l[i-1], true
}

func (l instants) has(instant int64) bool {
	_, ok := slices.BinarySearch(l, instant)
	return ok
}
