package adaptive

import (
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"pgregory.net/rapid"
)

// target is what a simulated job calls. It fails in its outages, and whenever it is
// called more often than it bears.
type target struct {
	outages  [][2]time.Duration // since dawn
	bears    time.Duration
	flaky    int // of 10 calls fail
	duration func(since time.Duration) time.Duration
}

func (g *target) fails(since, interval time.Duration, chance int) bool {
	for _, outage := range g.outages {
		if since >= outage[0] && since < outage[1] {
			return true
		}
	}
	return interval < g.bears || chance < g.flaky
}

// life is a simulated job: its runs, its statistics, and passes over them.
type life struct {
	job     Job
	target  target
	now     time.Time
	changes []time.Time
	past    []carillon.Adaptation
	weight  float64
	chance  func() int
}

// next lets a fire happen, and a pass look at the job whenever one is due.
func (l *life) next() {
	interval := l.job.interval()
	fire := l.now.Truncate(interval).Add(interval)
	for pass := l.now.Truncate(passEvery).Add(passEvery); !pass.After(fire); pass = pass.Add(passEvery) {
		l.now = pass
		if l.pass(); l.job.interval() != interval {
			return
		}
	}
	l.now = fire
	l.run(l.target.fails(fire.Sub(dawn), interval, l.chance()))
}

const passEvery = 10 * time.Minute

func (l *life) run(failed bool) {
	s := &l.job.Stats
	s.LastFire = l.now
	s.FailingShare *= l.weight / (l.weight + 1)
	if failed {
		s.Failures, s.Successes = s.Failures+1, 0
		s.FailingShare += 1 / (l.weight + 1)
	} else {
		s.Failures, s.Successes = 0, s.Successes+1
	}
	l.weight = min(l.weight+1, 500)
	s.Duration += (l.target.duration(l.now.Sub(dawn)) - s.Duration) / 5
}

func (l *life) pass() {
	l.job.History = nil
	for i, at := range l.changes {
		if at.After(l.now.Add(-24 * time.Hour)) {
			l.job.History = append(l.job.History, l.past[i])
		}
	}
	change, ok := Decide(l.job)
	if !ok {
		return
	}
	l.job.Schedule.Adapted, l.job.EffectiveFrom = change.Adapted, l.now
	l.changes, l.past = append(l.changes, l.now), append(l.past, change.Action)
}

func live(t *rapid.T, every, most time.Duration, g target, until time.Duration) *life {
	l := &life{
		target: g, now: dawn,
		chance: func() int { return 0 },
		job: Job{
			EffectiveFrom: dawn, Schedule: schedule.Spec{Every: schedule.Duration(every)},
			Adaptive: carillon.Adaptive{MaxInterval: schedule.Duration(most)},
		},
	}
	if g.flaky > 0 {
		random := rapid.Uint64().Draw(t, "seed")
		l.chance = func() int {
			random = random*6364136223846793005 + 1442695040888963407
			return int(random >> 33 % 10)
		}
	}
	for l.now.Before(dawn.Add(until)) {
		l.next()
		if p := l.job.interval(); p < every || p > max(most, every) || p%every != 0 {
			t.Fatalf("fires every %s; the owner's is %s, and the most %s", p, every, most)
		}
	}
	return l
}

// within counts the changes of a span since dawn.
func (l *life) within(from, to time.Duration) (n int) {
	for _, at := range l.changes {
		if since := at.Sub(dawn); since >= from && since < to {
			n++
		}
	}
	return n
}

func quick(time.Duration) time.Duration { return 0 }

const hour, day = time.Hour, 24 * time.Hour

// Whatever happens, the interval stays within its bounds, no day sees more changes
// than it may, and after two healthy weeks the job fires as its owner said.
func TestWhateverHappensTheOwnersIntervalComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		every := time.Duration(rapid.IntRange(20, 3600).Draw(t, "every")) * time.Second
		most := every * time.Duration(rapid.IntRange(10, 160).Draw(t, "most")) / 10
		slow := time.Duration(rapid.IntRange(0, 300).Draw(t, "slow")) * every / 100
		g := target{duration: func(since time.Duration) time.Duration {
			if since < 5*day {
				return slow
			}
			return every / 10
		}}
		for range rapid.IntRange(0, 20).Draw(t, "outages") {
			begin := time.Duration(rapid.IntRange(0, 5*24*60).Draw(t, "begin")) * time.Minute
			g.outages = append(g.outages, [2]time.Duration{begin, begin + time.Duration(rapid.IntRange(1, 600).Draw(t, "lasts"))*time.Minute})
		}
		l := live(t, every, most, g, 19*day)
		if l.job.interval() != every || l.job.Schedule.Adapted != nil {
			t.Fatalf("after two healthy weeks it fires every %s, not every %s", l.job.interval(), every)
		}
		for from := time.Duration(0); from < 18*day; from += hour {
			if n := l.within(from, from+day); n > maxChanges {
				t.Fatalf("%d changes in the day from %s on", n, from)
			}
		}
	})
}

// A target that bears only a longer interval: it is found, and left ever more
// rarely for a try at a shorter one.
func TestAJobThatBearsOnlyALongerIntervalSettles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		every := time.Duration(rapid.IntRange(30, 600).Draw(t, "every")) * time.Second
		bears := every * time.Duration(rapid.IntRange(11, 80).Draw(t, "bears")) / 10
		l := live(t, every, 8*every, target{bears: bears, duration: quick}, 10*day)
		for d := 1 * day; d < 9*day; d += day {
			if n := l.within(d, d+day); n > 14 {
				t.Fatalf("%d changes in the day from %s on", n, d)
			}
		}
		failing := 0
		for now := l.now; l.now.Before(now.Add(day)); {
			l.next()
			failing += min(l.job.Stats.Failures, 1)
		}
		if whole := int(day / every); failing > whole/4+20 {
			t.Fatalf("%d runs fail in a day; unadapted, %d do", failing, whole)
		}
	})
}

// A job whose runs fail by chance, at whatever interval, is not changed for ever.
func TestAFlakyJobIsLeftInPeace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := target{flaky: rapid.IntRange(1, 9).Draw(t, "flaky"), duration: quick}
		l := live(t, time.Minute, 8*time.Minute, g, 6*day)
		for d := 1 * day; d < 5*day; d += day {
			if n := l.within(d, d+day); n > maxChanges {
				t.Fatalf("%d changes in the day from %s on", n, d)
			}
		}
	})
}

// A clean outage costs as many changes as there are steps there and back.
func TestACleanOutageIsFollowedThereAndBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		every := time.Duration(rapid.IntRange(10, 120).Draw(t, "every")) * time.Second
		g := target{outages: [][2]time.Duration{{day, day + 6*hour}}, duration: quick}
		l := live(t, every, 8*every, g, 3*day)
		if n := len(l.changes); n != 6 || l.job.Schedule.Adapted != nil {
			t.Fatalf("%d changes, and it fires every %s in the end", n, l.job.interval())
		}
	})
}

// A job that gets slow is given room in one step, and stays there until it is quick.
func TestASlowJobGetsRoomOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		every := time.Duration(rapid.IntRange(30, 600).Draw(t, "every")) * time.Second
		slow := every * time.Duration(rapid.IntRange(90, 600).Draw(t, "percent")) / 100
		g := target{duration: func(since time.Duration) time.Duration {
			if since > day && since < 2*day {
				return slow
			}
			return every / 10
		}}
		l := live(t, every, 8*every, g, 4*day)
		if n := l.within(day, 2*day); n < 1 || n > 3 {
			t.Fatalf("%d changes while it is slow", n)
		}
		if n := len(l.changes); l.job.Schedule.Adapted != nil || n > 6 {
			t.Fatalf("%d changes, and it fires every %s in the end", n, l.job.interval())
		}
	})
}
