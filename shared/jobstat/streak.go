package jobstat

import (
	"encoding/binary"
	"math"
	"slices"
	"time"
)

// Streak is how many successes, or failures, came last, one after the other in
// the order of fire times; of one instant's, failures come first.
//
// The order in which ends come is another, so the newest ends are kept one by
// one. What is older is only counted as far as it goes on with the streak. An end
// that comes after sixteen later ones, and is of the other sort than the streak
// that it falls into, ends what is known of that: the streak is then counted from
// the sixteen on. So a streak is never too long, and it is exact unless ends are
// overtaken by more than sixteen others of their job.
type Streak struct {
	newest []int64 // keys, ascending
	older  int64   // ends that directly precede newest and are of the sort of its first
	floor  int64   // key of an end below which nothing is looked at
}

// newestEnds is how many ends are kept one by one: more than are overtaken in a
// job whose failures are retried for some time before they end.
const newestEnds = 16

// key is the end's place in the order, and its sort in the last bit: 1 is a
// success.
func (e End) key() int64 {
	key := e.FireTime.UnixMicro() << 1
	if e.succeeded() {
		key |= 1
	}
	return key
}

func sameSort(a, b int64) bool { return a&1 == b&1 }

// Successes returns how many successes have come since the last failure.
func (s *Streak) Successes() int { return s.length(1, math.MinInt64) }

// Failures returns how many failures have come since the last success.
func (s *Streak) Failures() int { return s.length(0, math.MinInt64) }

// Since returns how many of the successes, or failures, that came last have fired at an
// instant or later; one of the two is 0. Of more than sixteen all count, if those do.
func (s *Streak) Since(from time.Time) (successes, failures int) {
	key := from.UnixMicro() << 1
	return s.length(1, key), s.length(0, key)
}

// Newest returns the newest fire time of a success or failure; zero if there was
// none.
func (s *Streak) Newest() time.Time {
	if len(s.newest) == 0 {
		return time.Time{}
	}
	return time.UnixMicro(s.newest[len(s.newest)-1] >> 1).UTC()
}

func (s *Streak) length(sort, from int64) int {
	n := 0
	for n < len(s.newest) && sameSort(s.newest[len(s.newest)-1-n], sort) && s.newest[len(s.newest)-1-n] >= from {
		n++
	}
	if n > 0 && n == len(s.newest) {
		n += int(s.older)
	}
	return n
}

// replace puts one end into the place of another. Neutral ones have no place.
func (s *Streak) replace(was, is End) {
	switch {
	case !is.failing().there:
	case !was.failing().there:
		s.add(is.key())
	case was.key() != is.key():
		s.turn(was.key(), is.key())
	}
}

func (s *Streak) add(key int64) {
	if len(s.newest) == newestEnds && key < s.newest[0] {
		s.addOlder(key)
		return
	}
	at, _ := slices.BinarySearch(s.newest, key)
	s.newest = slices.Insert(s.newest, at, key)
	if len(s.newest) > newestEnds {
		s.dropFirst()
	}
}

func (s *Streak) addOlder(key int64) {
	switch {
	case key <= s.floor:
	case sameSort(key, s.newest[0]):
		s.older++
	default:
		s.older, s.floor = 0, key
	}
}

func (s *Streak) dropFirst() {
	first := s.newest[0]
	s.newest = slices.Delete(s.newest, 0, 1)
	if sameSort(first, s.newest[0]) {
		s.older++
	} else {
		s.older, s.floor = 0, first
	}
}

// turn makes a success of a failure, whose key is was.
func (s *Streak) turn(was, is int64) {
	at, found := slices.BinarySearch(s.newest, was)
	if !found {
		s.addOlderTurned(was, is)
		return
	}
	first := s.newest[0]
	s.newest[at] = is
	slices.Sort(s.newest)
	if len(s.newest) == newestEnds && !sameSort(first, s.newest[0]) {
		s.older, s.floor = 0, max(s.floor, first)
	}
}

// addOlderTurned ends what is known of the streak before the newest ends, if
// the turned one was part of it.
func (s *Streak) addOlderTurned(was, is int64) {
	if was > s.floor {
		s.older, s.floor = 0, is
	}
}

// append adds the form in which a streak is stored, to the end of data.
func (s *Streak) append(data []byte) []byte {
	if len(s.newest) == 0 {
		return data
	}
	data = binary.AppendUvarint(data, uint64(s.older))
	data = binary.BigEndian.AppendUint64(data, uint64(s.floor))
	for _, key := range s.newest {
		data = binary.BigEndian.AppendUint64(data, uint64(key))
	}
	return data
}

// read reads what append made, to the end.
func (s *Streak) read(r *reader) {
	if len(r.data) == 0 {
		return
	}
	s.older, s.floor = int64(r.uvarint()), int64(r.uint64())
	s.newest = make([]int64, 0, newestEnds+1)
	for len(r.data) > 0 {
		s.newest = append(s.newest, int64(r.uint64()))
	}
}
