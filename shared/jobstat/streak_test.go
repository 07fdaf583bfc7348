package jobstat

import (
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// decisive is the end of the nth run.
func decisive(n int, success bool) End {
	state := carillon.StateLost
	if success {
		state = carillon.StateSucceeded
	}
	return End{Kind: carillon.KindSchedule, FireTime: noon.Add(time.Duration(n) * time.Second), State: state}
}

// longest is a streak found by looking at all ends.
func longest(ends []End, success bool) (n int) {
	keys := make([]int64, len(ends))
	for i, end := range ends {
		keys[i] = end.key()
	}
	slices.Sort(keys)
	for _, key := range slices.Backward(keys) {
		if (key&1 == 1) != success {
			break
		}
		n++
	}
	return n
}

// told is an end, and that which was told of its run before.
type told struct{ was, is End }

// story draws the ends of runs in the order of their fire times; some failures
// become successes after up to a number of others have come.
func story(t *rapid.T, runs, overtaken int) (ends []End, telling []told) {
	type placed struct {
		told
		at int
	}
	var order []placed
	for n := range runs {
		success := rapid.IntRange(0, 9).Draw(t, "luck") < rapid.SampledFrom([]int{1, 5, 9}).Draw(t, "of ten")
		at := n + rapid.IntRange(0, overtaken).Draw(t, "late")
		end := decisive(n, success)
		order = append(order, placed{told{End{}, end}, at})
		if !success && rapid.IntRange(0, 9).Draw(t, "turns") == 0 {
			better := decisive(n, true)
			order = append(order, placed{told{end, better}, max(at, n+rapid.IntRange(0, overtaken).Draw(t, "later"))})
			end = better
		}
		ends = append(ends, end)
	}
	slices.SortStableFunc(order, func(a, b placed) int { return a.at - b.at })
	for _, p := range order {
		telling = append(telling, p.told)
	}
	return ends, telling
}

func replay(telling []told) *Streak {
	s := &Streak{}
	for _, told := range telling {
		s.replace(told.was, told.is)
	}
	return s
}

func TestStreaksAreExactWhateverOvertakes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ends, telling := story(t, rapid.IntRange(0, 200).Draw(t, "runs"), newestEnds-2)
		s := replay(telling)
		got, want := []int{s.Successes(), s.Failures()}, []int{longest(ends, true), longest(ends, false)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestStreaksAreNeverTooLong(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ends, telling := story(t, rapid.IntRange(0, 200).Draw(t, "runs"), 200)
		s := replay(telling)
		if got, most := s.Successes(), longest(ends, true); got > most {
			t.Fatalf("%d successes, want at most %d", got, most)
		}
		if got, most := s.Failures(), longest(ends, false); got > most {
			t.Fatalf("%d failures, want at most %d", got, most)
		}
	})
}

func TestALongStreakIsCountedInAnyOrder(t *testing.T) {
	t.Parallel()
	s := &Streak{}
	for n := range 1000 {
		s.replace(End{}, decisive(n*7%1000, true))
	}
	if s.Successes() != 1000 || s.Failures() != 0 {
		t.Errorf("%d successes and %d failures, want 1000 and 0", s.Successes(), s.Failures())
	}
}

func TestNeutralEndsBreakNoStreak(t *testing.T) {
	t.Parallel()
	s := &Streak{}
	s.replace(End{}, decisive(1, false))
	for n, state := range []carillon.State{carillon.StateSkipped, carillon.StateMissed, carillon.StateExpired, carillon.StateCancelled} {
		s.replace(End{}, End{FireTime: noon.Add(time.Duration(n) * time.Hour), State: state})
	}
	if s.Failures() != 1 {
		t.Errorf("%d failures, want 1", s.Failures())
	}
}

func TestTheNewestIsThatOfACall(t *testing.T) {
	t.Parallel()
	s := &Stats{}
	if !s.Streak.Newest().IsZero() {
		t.Error("there before any run")
	}
	s.Count(decisive(2, false))
	s.Count(decisive(1, true))
	s.Count(End{Kind: carillon.KindSchedule, FireTime: noon.Add(time.Hour), State: carillon.StateMissed})
	if got := s.Streak.Newest(); !got.Equal(noon.Add(2 * time.Second)) {
		t.Errorf("%v", got)
	}
}

func TestAStreakSinceAnInstant(t *testing.T) {
	t.Parallel()
	s := &Stats{}
	for n := range 10 {
		s.Count(decisive(n, n < 4))
	}
	for from, want := range map[int][2]int{0: {0, 6}, 4: {0, 6}, 7: {0, 3}, 10: {0, 0}} {
		successes, failures := s.Streak.Since(noon.Add(time.Duration(from) * time.Second))
		if got := [2]int{successes, failures}; got != want {
			t.Errorf("since %d: %v, want %v", from, got, want)
		}
	}
}
