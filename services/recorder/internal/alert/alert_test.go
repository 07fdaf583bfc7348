package alert

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func run(second int, state carillon.State) Run {
	return Run{FireTime: noon.Add(time.Duration(second) * time.Second), State: state}
}

// usually is that of a job whose runs take so long.
func usually(seconds time.Duration) func(Run) time.Duration {
	return func(Run) time.Duration { return seconds * time.Second }
}

// level is how it stands with a kind.
func level(findings []Finding, kind carillon.AlertKind) Level {
	for _, found := range findings {
		if found.Kind == kind {
			return found.Level
		}
	}
	return -1
}

func TestJudgement(t *testing.T) {
	t.Parallel()
	ok, bad, gone := run(9, carillon.StateSucceeded), run(5, carillon.StateFailed), run(6, carillon.StateMissed)
	late, long := run(9, carillon.StateSucceeded), run(9, carillon.StateSucceeded)
	late.Lateness, long.Duration = 2*time.Minute, 31*time.Second
	earlierLate, earlierLong := late, long
	earlierLate.FireTime, earlierLong.FireTime = noon, noon
	skipped := run(8, carillon.StateSkipped)
	one := carillon.Alerts{Failures: 1}
	all := carillon.Alerts{Failures: 1, LateAfter: carillon.Duration(time.Minute), SlowFactor: 3, NoSuccessFor: carillon.Duration(time.Hour)}
	three := carillon.Alerts{Failures: 3}
	for name, c := range map[string]struct {
		job  Job
		seen Evidence
		kind carillon.AlertKind
		want Level
	}{
		"all is well":                      {Job{Wants: all, Last: ok, SuccessAt: noon}, Evidence{}, carillon.AlertFailing, Quiet},
		"the last run failed":              {Job{Wants: one, Last: bad, Failures: 1}, Evidence{}, carillon.AlertFailing, Firing},
		"a run failed, the next did not":   {Job{Wants: one, Last: ok}, Evidence{Failed: bad}, carillon.AlertFailing, Brief},
		"too few failures":                 {Job{Wants: three, Last: bad, Failures: 2}, Evidence{Failed: bad}, carillon.AlertFailing, Quiet},
		"enough failures":                  {Job{Wants: three, Last: bad, Failures: 3}, Evidence{}, carillon.AlertFailing, Firing},
		"failures before what was skipped": {Job{Wants: one, Last: run(9, carillon.StateSkipped), Failures: 4}, Evidence{}, carillon.AlertFailing, Firing},
		"the last fire was missed":         {Job{Wants: one, Last: gone}, Evidence{}, carillon.AlertMissed, Firing},
		"the last fire has expired":        {Job{Wants: one, Last: run(9, carillon.StateExpired)}, Evidence{}, carillon.AlertMissed, Firing},
		"a fire was missed before":         {Job{Wants: one, Last: ok, Called: ok}, Evidence{Missed: gone}, carillon.AlertMissed, Brief},
		"missed, and then skipped":         {Job{Wants: one, Last: skipped, Called: earlierLate}, Evidence{Missed: gone}, carillon.AlertMissed, Firing},
		"skipped since":                    {Job{Wants: one, Last: skipped, Called: earlierLate}, Evidence{}, carillon.AlertMissed, Held},
		"late, and then skipped":           {Job{Wants: all, Last: skipped, Fired: earlierLate}, Evidence{}, carillon.AlertLate, Firing},
		"slow, and then skipped":           {Job{Wants: all, Last: skipped, Called: earlierLong, Usual: usually(10)}, Evidence{}, carillon.AlertSlow, Firing},
		"a muted kind":                     {Job{Wants: carillon.Alerts{Failures: 1, Mute: []carillon.AlertKind{carillon.AlertMissed}}, Last: gone}, Evidence{Missed: gone}, carillon.AlertMissed, Quiet},
		"late":                             {Job{Wants: all, Fired: late}, Evidence{}, carillon.AlertLate, Firing},
		"late before":                      {Job{Wants: all, Last: ok}, Evidence{Latest: earlierLate}, carillon.AlertLate, Brief},
		"late, and nobody minds":           {Job{Wants: one, Fired: late}, Evidence{Latest: late}, carillon.AlertLate, Quiet},
		"slow":                             {Job{Wants: all, Called: long, Usual: usually(10)}, Evidence{}, carillon.AlertSlow, Firing},
		"slow before":                      {Job{Wants: all, Last: ok, Usual: usually(10)}, Evidence{Longest: earlierLong}, carillon.AlertSlow, Brief},
		"not that slow":                    {Job{Wants: all, Called: long, Usual: usually(11)}, Evidence{Longest: long}, carillon.AlertSlow, Quiet},
		"nobody knows what is slow":        {Job{Wants: all, Called: long}, Evidence{Longest: long}, carillon.AlertSlow, Quiet},
		"silent":                           {Job{Wants: all, SuccessAt: noon.Add(-61 * time.Minute)}, Evidence{}, carillon.AlertSilent, Firing},
		"silent, being paused":             {Job{Wants: all, Paused: true, SuccessAt: noon.Add(-61 * time.Minute)}, Evidence{}, carillon.AlertSilent, Quiet},
		"not silent for long":              {Job{Wants: all, SuccessAt: noon.Add(-time.Hour)}, Evidence{}, carillon.AlertSilent, Quiet},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := level(Judge(c.job, c.seen, noon), c.kind); got != c.want {
				t.Errorf("%s is at level %d, want %d", c.kind, got, c.want)
			}
		})
	}
}

func TestRunsOfABackfillRaiseNothing(t *testing.T) {
	t.Parallel()
	for kind, want := range map[carillon.Kind]bool{carillon.KindSchedule: true, carillon.KindManual: true, carillon.KindBackfill: false} {
		if _, ok := RunOf(&wire.Outcome{Kind: kind, State: carillon.StateFailed}); ok != want {
			t.Errorf("%s counts: %t", kind, ok)
		}
	}
	if _, ok := RunOf(&wire.Outcome{Kind: carillon.KindManual, State: carillon.StateRunning}); ok {
		t.Error("a run that has not ended counts")
	}
}

// recorders is a model of several of them, which look at one job at any time, with
// statistics that are right and evidence that is late, double or lost.
type recorders struct {
	random    *rand.Rand
	job       Job
	ends      []Run // all that were told
	now       time.Time
	incidents []Incident
	begun     int
	ended     int
}

func (r *recorders) last() Incident {
	if len(r.incidents) == 0 {
		return Incident{}
	}
	return r.incidents[len(r.incidents)-1]
}

// end ends the job's next run.
func (r *recorders) end(state carillon.State) {
	last := run(len(r.ends)+1, state)
	r.ends = append(r.ends, last)
	r.job.Last = last
	r.job.Failures++
	if state == carillon.StateSucceeded {
		r.job.Failures = 0
	}
}

// look lets one of them look, with some of what was told.
func (r *recorders) look(t *testing.T, evidence ...Run) {
	t.Helper()
	var seen Evidence
	for _, told := range evidence {
		seen.Add(told)
	}
	before := r.last()
	after, changed := before.Step(Judge(r.job, seen, r.now)[0], r.now)
	if !changed {
		return
	}
	switch {
	case after.ID == 0:
		if before.Open() || !before.EndedAt.IsZero() && r.now.Sub(before.EndedAt) <= FlapWindow {
			t.Fatalf("a new incident at %v, after %+v", r.now, before)
		}
		after.ID = int64(len(r.incidents) + 1)
		r.incidents = append(r.incidents, after)
		r.begun++
	default:
		if after.Times > before.Times {
			r.begun++
		}
		r.incidents[after.ID-1] = after
	}
	if !after.Open() {
		r.ended++
	}
}

func TestIncidentsOfManyRecordersBeginAndEndInTurn(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		r := &recorders{random: rand.New(rand.NewPCG(seed, 1)), now: noon, job: Job{Wants: carillon.Alerts{Failures: 1}}}
		failures, flurries := 0, 0
		for range 200 {
			r.now = r.now.Add(time.Duration(r.random.Int64N(int64(4 * time.Minute))))
			switch state := r.random.IntN(4); state {
			case 0:
				if r.job.Failures == 0 {
					flurries++
				}
				r.end(carillon.StateFailed)
				failures++
			case 1:
				r.end(carillon.StateSucceeded)
			}
			var told []Run
			for range r.random.IntN(3) {
				if len(r.ends) > 0 {
					told = append(told, r.ends[r.random.IntN(len(r.ends))]) // late, or again
				}
			}
			r.look(t, told...)
		}
		r.look(t)
		if open := r.last().Open(); open != (r.job.Failures > 0) {
			t.Fatalf("seed %d: open is %t after %d failures in a row", seed, open, r.job.Failures)
		}
		if r.begun > flurries || r.begun-r.ended != min(r.job.Failures, 1) {
			t.Fatalf("seed %d: %d begun and %d ended, of %d flurries", seed, r.begun, r.ended, flurries)
		}
	}
}

func TestWhatIsToldAgainOpensNothing(t *testing.T) {
	t.Parallel()
	r := &recorders{now: noon, job: Job{Wants: carillon.Alerts{Failures: 1}}}
	for range 3 {
		r.end(carillon.StateFailed)
		r.end(carillon.StateSucceeded)
	}
	r.look(t, r.ends...)
	if r.begun != 1 || r.last().Open() || r.last().Times != 1 {
		t.Fatalf("%+v", r.last())
	}
	for range 10 {
		r.now = r.now.Add(time.Hour)
		r.look(t, r.ends...)
	}
	if len(r.incidents) != 1 || r.last().Times != 1 {
		t.Errorf("%+v", r.incidents)
	}
}

func TestAnIncidentIsNotedToGoOn(t *testing.T) {
	t.Parallel()
	found := Finding{Kind: carillon.AlertUnexplained, Level: Firing, FireTime: noon}
	open, _ := Incident{}.Step(found, noon)
	if _, changed := open.Step(found, noon.Add(renewEvery-1)); changed {
		t.Error("noted too often")
	}
	found.Reason = "4000 fires have no run"
	later, changed := open.Step(found, noon.Add(renewEvery))
	if !changed || later.Reason != found.Reason || !later.RenewedAt.Equal(noon.Add(renewEvery)) || later.Times != 1 {
		t.Errorf("%+v", later)
	}
}

func TestWhatIsHeldNeitherBeginsNorEnds(t *testing.T) {
	t.Parallel()
	held := Finding{Kind: carillon.AlertMissed, Level: Held, FireTime: noon.Add(time.Hour)}
	if after, changed := (Incident{}).Step(held, noon); changed {
		t.Errorf("begun: %+v", after)
	}
	open, _ := Incident{}.Step(Finding{Kind: carillon.AlertMissed, Level: Firing, FireTime: noon}, noon)
	if after, _ := open.Step(held, noon.Add(time.Hour)); !after.Open() || after.Times != 1 {
		t.Errorf("ended: %+v", after)
	}
}

func TestASignalThatWasOvertakenChangesNothing(t *testing.T) {
	t.Parallel()
	at := func(level Level, seconds time.Duration) Finding {
		return Finding{Kind: carillon.AlertUnexplained, Level: level, At: noon.Add(seconds * time.Second)}
	}
	firing, quiet := at(Firing, 0), at(Quiet, 10)
	open, _ := Incident{}.Step(firing, firing.At)
	open.ID = 1
	ended, _ := open.Step(quiet, quiet.At)
	if _, changed := ended.Step(firing, firing.At); changed {
		t.Error("begun again by what is told again")
	}
	again, changed := ended.Step(at(Firing, 20), at(Firing, 20).At)
	if !changed || !again.Open() || again.Times != 2 {
		t.Errorf("%+v", again)
	}
	if _, changed := again.Step(quiet, quiet.At); changed {
		t.Error("ended by what is told again")
	}
}
