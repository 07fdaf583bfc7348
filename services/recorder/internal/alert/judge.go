package alert

import (
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
)

// Job is what is known of a job.
type Job struct {
	Wants carillon.Alerts
	// Paused says that the job does not fire, and cannot succeed.
	Paused bool
	// Failures is how many runs have failed in a row.
	Failures int
	// Last is the run with the newest fire time, Called that of those that were called,
	// and Fired that of the schedule's among them. A fire that is skipped says nothing
	// of how calls do, and comes before the end of the run that it was skipped for.
	Last, Called, Fired Run
	// Usual returns how long 19 of 20 runs other than this one take at most; 0 if that
	// is not known yet. It is nil if it never is.
	Usual func(Run) time.Duration
	// SuccessAt is when a run last succeeded, or when somebody last changed the job or
	// ended a pause of it.
	SuccessAt time.Time
}

// Level is how it stands with a kind of alert.
type Level int

// The levels.
const (
	Quiet  Level = iota // nothing is wrong
	Held                // nothing has been seen of it: it is as it was
	Brief               // something was wrong, and is not any more
	Firing              // something is wrong
)

// Finding is how it stands with one kind of alert of a job.
type Finding struct {
	Kind  carillon.AlertKind
	Level Level
	// FireTime is that of what was found; zero where none says anything.
	FireTime time.Time
	// Newest is the newest fire time that is known of.
	Newest time.Time
	Reason string
	// At is when somebody else found it, who may be heard again later; zero for now.
	At time.Time
}

// Judge says how it stands with each kind of alert that statistics can tell of.
func Judge(job Job, seen Evidence, now time.Time) []Finding {
	findings := []Finding{job.failing(seen), job.missed(seen), job.late(seen), job.slow(seen), job.silent(now)}
	for i, found := range findings {
		if job.Wants.Mutes(found.Kind) {
			findings[i] = Finding{Kind: found.Kind}
		}
		findings[i].Newest = job.newest(found.Kind)
	}
	return findings
}

// newest is the fire time of the last run that could have told of a kind of alert.
func (j Job) newest(kind carillon.AlertKind) time.Time {
	switch kind {
	case carillon.AlertLate:
		return j.Fired.FireTime
	case carillon.AlertSlow:
		return j.Called.FireTime
	}
	return j.Last.FireTime
}

func (j Job) failing(seen Evidence) Finding {
	found := Finding{Kind: carillon.AlertFailing, FireTime: later(j.Last.FireTime, seen.Failed.FireTime)}
	switch {
	case j.Failures >= j.Wants.Failures:
		found.Level, found.Reason = Firing, fmt.Sprintf("%d runs in a row have failed", j.Failures)
		if j.Failures == 1 {
			found.Reason = "a run has failed"
		}
	case j.Wants.Failures == 1:
		found.brief(seen.Failed, "a run has failed; the next one succeeded")
	}
	return found
}

func (j Job) missed(seen Evidence) Finding {
	found := Finding{Kind: carillon.AlertMissed, FireTime: j.Last.FireTime}
	reason := func(r Run) string {
		return "the fire of " + instant(r.FireTime) + " came to no call: " + string(r.State)
	}
	switch {
	case j.Last.missed():
		found.Level, found.Reason = Firing, reason(j.Last)
	case seen.Missed.FireTime.After(j.Called.FireTime):
		found.Level, found.FireTime, found.Reason = Firing, seen.Missed.FireTime, reason(seen.Missed)
	case !seen.Missed.FireTime.IsZero():
		found.brief(seen.Missed, reason(seen.Missed))
	case j.Last.FireTime.After(j.Called.FireTime):
		found.Level = Held
	}
	return found
}

func (j Job) late(seen Evidence) Finding {
	found := Finding{Kind: carillon.AlertLate, FireTime: j.Fired.FireTime}
	most := time.Duration(j.Wants.LateAfter)
	reason := func(r Run) string {
		return fmt.Sprintf("the run of %s began %s late, more than %s", instant(r.FireTime), round(r.Lateness), most)
	}
	switch {
	case most == 0:
	case j.Fired.Lateness > most:
		found.Level, found.Reason = Firing, reason(j.Fired)
	case seen.Latest.Lateness > most:
		found.brief(seen.Latest, reason(seen.Latest))
	}
	return found
}

func (j Job) slow(seen Evidence) Finding {
	found := Finding{Kind: carillon.AlertSlow, FireTime: j.Called.FireTime}
	if reason := j.whySlow(j.Called); reason != "" {
		found.Level, found.Reason = Firing, reason
	} else if reason := j.whySlow(seen.Longest); reason != "" {
		found.brief(seen.Longest, reason)
	}
	return found
}

// whySlow is empty for a run that was not slow.
func (j Job) whySlow(r Run) string {
	if j.Wants.SlowFactor == 0 || r.Duration == 0 || j.Usual == nil {
		return ""
	}
	usual := j.Usual(r)
	if usual == 0 || r.Duration <= time.Duration(j.Wants.SlowFactor*float64(usual)) {
		return ""
	}
	return fmt.Sprintf("the run of %s took %s; 19 of 20 take %s at most", instant(r.FireTime), round(r.Duration), round(usual))
}

func (j Job) silent(now time.Time) Finding {
	found := Finding{Kind: carillon.AlertSilent}
	if most := time.Duration(j.Wants.NoSuccessFor); most > 0 && !j.Paused && now.Sub(j.SuccessAt) > most {
		found.Level, found.Reason = Firing, fmt.Sprintf("no run has succeeded since %s, for more than %s", instant(j.SuccessAt), most)
	}
	return found
}

// brief says that a run was bad, if there was one, and is not the last any more.
func (f *Finding) brief(bad Run, reason string) {
	if !bad.FireTime.IsZero() {
		f.Level, f.FireTime, f.Reason = Brief, bad.FireTime, reason
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func round(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}
