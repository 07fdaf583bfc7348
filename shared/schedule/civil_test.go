package schedule

import (
	"testing"
	"time"
)

func TestDatesAgreeWithTime(t *testing.T) {
	t.Parallel()
	first := dayNumber(firstYear-1, 1, 1)
	for number := first; number < dayNumber(endYear+1, 1, 1); number++ {
		want := time.Unix(midnight(number), 0).UTC()
		d := dateOf(number)
		if d != (date{want.Year(), int(want.Month()), want.Day()}) {
			t.Fatalf("day %d: got %v, want %s", number, d, want)
		}
		if back := dayNumber(d.year, d.month, d.day); back != number {
			t.Fatalf("%v: got day %d, want %d", d, back, number)
		}
		if got := weekdayOf(number); got != int(want.Weekday()) {
			t.Fatalf("%v: got weekday %d, want %s", d, got, want.Weekday())
		}
		if d.day == daysIn(d.year, d.month) != (want.AddDate(0, 0, 1).Day() == 1) {
			t.Fatalf("%v: daysIn is %d", d, daysIn(d.year, d.month))
		}
	}
}

func TestBitSearch(t *testing.T) {
	t.Parallel()
	set := uint64(1<<3 | 1<<31 | 1<<59)
	for from := range 60 {
		want := -1
		for n := 59; n >= from; n-- {
			if set>>n&1 == 1 {
				want = n
			}
		}
		if got := lowestFrom(set, from); got != want {
			t.Errorf("lowest from %d: got %d, want %d", from, got, want)
		}
	}
	for to := range 60 {
		want := -1
		for n := range to + 1 {
			if set>>n&1 == 1 {
				want = n
			}
		}
		if got := highestTo(set, to); got != want {
			t.Errorf("highest to %d: got %d, want %d", to, got, want)
		}
	}
}

func TestYearSetSearch(t *testing.T) {
	t.Parallel()
	var set yearSet
	for _, y := range []int{1970, 2033, 2034, 2100, 2199} {
		set.add(y)
	}
	for y := 1900; y < 2300; y++ {
		from, ok := set.from(y)
		if want := y <= 2199; ok != want || ok && (from < y || !set.has(from)) {
			t.Errorf("from %d: got %d, %v", y, from, ok)
		}
		to, ok := set.to(y)
		if want := y >= 1970; ok != want || ok && (to > y || !set.has(to)) {
			t.Errorf("to %d: got %d, %v", y, to, ok)
		}
	}
}
