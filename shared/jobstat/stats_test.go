package jobstat

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// took is a success at an instant whose call took so long, and began a second late.
func took(at time.Time, seconds float64) End {
	started := at.Add(time.Second)
	return End{
		RunID: uuid.New(), Kind: carillon.KindSchedule, FireTime: at, State: carillon.StateSucceeded,
		StartedAt: started, FinishedAt: started.Add(time.Duration(seconds * float64(time.Second)).Truncate(time.Microsecond)),
	}
}

func (e End) as(state carillon.State) End { e.State = state; return e }

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b)) }

// sameMean compares averages up to what rounding leaves of what was taken out, by
// the measure of the weight.
func sameMean(a, b Average) bool {
	return max(math.Abs(a.Weight-b.Weight), math.Abs(a.Sum-b.Sum)) <= 1e-9*max(a.Weight, b.Weight)
}

// alike compares statistics up to rounding.
func alike(a, b *Stats) string {
	return cmp.Diff(a, b, cmp.AllowUnexported(Streak{}), cmp.Comparer(sameMean), cmp.Comparer(func(a, b Sketch) bool {
		p, _ := a.Quantile(0.9)
		q, _ := b.Quantile(0.9)
		return len(a) == len(b) && p == q && math.Abs(a.total()-b.total()) <= 1e-4*a.total()
	}))
}

func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	var ends []End
	for n := range newestEnds { // so that streaks are exact too
		end := took(noon.Add(time.Duration(n)*50*time.Hour), 1+rand.Float64())
		ends = append(ends, end.as(carillon.States()[3+rand.IntN(7)]))
	}
	inOrder := &Stats{}
	for _, end := range ends {
		inOrder.Count(end)
	}
	for range 50 {
		shuffled := &Stats{}
		for _, n := range rand.Perm(len(ends)) {
			if rand.IntN(2) == 0 && ends[n].succeeded() { // first told otherwise
				lost := ends[n].as(carillon.StateLost)
				lost.StartedAt = lost.StartedAt.Add(-time.Millisecond)
				shuffled.Count(lost)
				shuffled.Replace(lost, ends[n])
			} else {
				shuffled.Count(ends[n])
			}
		}
		if diff := alike(inOrder, shuffled); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestWhatCounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end                          End
		counts                       Counts
		failing, durations, lateness float64 // weights in runs
	}{
		"success":            {took(noon, 1), Counts{Succeeded: 1}, 1, 1, 1},
		"failure":            {took(noon, 1).as(carillon.StateFailed), Counts{Failed: 1}, 1, 0, 1},
		"given up":           {took(noon, 1).as(carillon.StateLost), Counts{Lost: 1}, 1, 0, 1},
		"stopped":            {took(noon, 1).as(carillon.StateCancelled), Counts{Cancelled: 1}, 0, 0, 1},
		"never called":       {End{FireTime: noon, State: carillon.StateMissed, Kind: carillon.KindSchedule}, Counts{Missed: 1}, 0, 0, 0},
		"by hand":            {End{FireTime: noon, State: carillon.StateSucceeded, Kind: carillon.KindManual, StartedAt: noon, FinishedAt: noon}, Counts{Succeeded: 1}, 1, 1, 0},
		"backfill":           {End{FireTime: noon, State: carillon.StateSucceeded, Kind: carillon.KindBackfill, StartedAt: noon}, Counts{}, 0, 0, 0},
		"not over":           {took(noon, 1).as(carillon.StateRunning), Counts{}, 0, 0, 0},
		"succeeded uncalled": {End{FireTime: noon, State: carillon.StateSucceeded, Kind: carillon.KindManual}, Counts{Succeeded: 1}, 1, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &Stats{}
			s.Count(c.end)
			weight := math.Exp2(noon.Sub(startOf(weekOf(noon))).Hours() / 168)
			got := []float64{s.Failing.Weight / weight, s.Duration.Weight / weight, s.Lateness.Weight / weight}
			if diff := cmp.Diff([]float64{c.failing, c.durations, c.lateness}, got); s.Counts != c.counts || diff != "" {
				t.Errorf("%+v %s", s.Counts, diff)
			}
		})
	}
}

func TestARunsWeightHalvesInAWeekAndInAnHour(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		apart        time.Duration
		mean, recent float64
	}{
		"an hour":  {time.Hour, (4 + math.Exp2(-1./168)) / (1 + math.Exp2(-1./168)), (4 + 0.5) / 1.5},
		"a week":   {week, (4 + 0.5) / 1.5, 4},
		"ten week": {10 * week, (4 + math.Exp2(-10)) / (1 + math.Exp2(-10)), 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &Stats{}
			s.Count(took(noon, 1))
			s.Count(took(noon.Add(c.apart), 4))
			mean, _ := s.Duration.Mean()
			recent, _ := s.RecentDuration.Mean()
			if !near(mean, c.mean) || math.Abs(recent-c.recent) > 1e-9 {
				t.Errorf("means %v and %v, want %v and %v", mean, recent, c.mean, c.recent)
			}
		})
	}
}

// A run was lost before there were statistics, and succeeds after all.
func TestWhatWasNotCountedIsNotTakenOut(t *testing.T) {
	t.Parallel()
	s, want := &Stats{}, &Stats{}
	late := took(noon.Add(time.Hour), 1)
	s.Replace(late.as(carillon.StateLost), late)
	want.Count(late)
	if diff := alike(want, s); diff != "" {
		t.Error(diff)
	}
	s.Count(took(noon, 1).as(carillon.StateLost)) // which one was counted, nobody knows
	later := took(noon.Add(2*time.Hour), 1)
	s.Replace(later.as(carillon.StateLost), later)
	if share, _ := s.Failing.Mean(); share < 0 || s.Counts != (Counts{Succeeded: 2}) {
		t.Errorf("share %v, %+v", share, s.Counts)
	}
}

func TestTheShareOfFailures(t *testing.T) {
	t.Parallel()
	s := &Stats{}
	if _, known := s.Failing.Mean(); known {
		t.Error("known before any run")
	}
	for n, state := range []carillon.State{carillon.StateFailed, carillon.StateSucceeded, carillon.StateSkipped, carillon.StateLost, carillon.StateSucceeded} {
		end := took(noon, float64(n)).as(state)
		s.Count(end)
	}
	if share, _ := s.Failing.Mean(); !near(share, 0.5) {
		t.Errorf("%v, want 0.5", share)
	}
}

func TestTheLastIsThatOfTheNewestFire(t *testing.T) {
	t.Parallel()
	s := &Stats{}
	first, second := took(noon, 50), took(noon.Add(time.Second), 1).as(carillon.StateFailed)
	s.Count(second)
	s.Count(first)
	if s.Last != second || s.LastSuccess.RunID != first.RunID || !s.LastSuccess.FinishedAt.Equal(first.FinishedAt) {
		t.Errorf("last %+v, last success %+v", s.Last, s.LastSuccess)
	}
	s.Replace(second, second.as(carillon.StateSucceeded))
	if s.Last.State != carillon.StateSucceeded || s.LastSuccess.RunID != second.RunID {
		t.Errorf("after a correction: last %+v, last success %+v", s.Last, s.LastSuccess)
	}
}
