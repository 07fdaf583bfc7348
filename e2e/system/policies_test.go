package system

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
)

// casualties is when processes were killed.
type casualties struct{ runners, planners []time.Time }

// history is what became of one job, by the ledger and by its target.
type history struct {
	*testing.T
	overlap carillon.Overlap
	rows    []run // by fire time
	calls   []call
	casualties
}

// TestPoliciesOutliveARunnerAndAPlanner has four jobs, one of each overlap
// policy, that fire every two seconds and take five. A runner is killed in its
// calls, and then a planner; what a policy promises holds all the time.
func TestPoliciesOutliveARunnerAndAPlanner(t *testing.T) {
	t.Parallel()
	rounds := 1
	if *full {
		rounds = 5
	}
	a, j := newArena(t), newJournal(t, 5*time.Second)
	jobs := map[carillon.Overlap]carillon.Job{}
	for _, overlap := range []carillon.Overlap{carillon.OverlapSkip, carillon.OverlapAllow, carillon.OverlapQueue, carillon.OverlapReplace} {
		doc := carillon.Document{Name: string(overlap), Schedule: schedule.Spec{Every: schedule.Duration(2 * time.Second)}, Overlap: overlap}
		doc.Target.URL = j.url + "/" + string(overlap)
		if overlap == carillon.OverlapQueue {
			doc.MaxQueued = 2
		}
		jobs[overlap] = a.create(t, doc)
	}
	var killed casualties
	for range rounds {
		pause(t, 5*time.Second)
		killed.runners = append(killed.runners, a.killRunner())
		pause(t, 2*time.Second)
		killed.planners = append(killed.planners, time.Now())
		a.killBusiest()
		pause(t, 11*time.Second)
	}
	var end time.Time
	for _, job := range jobs {
		end = a.changed(t, "POST", job, "/pause", nil).EffectiveFrom
	}
	a.settled(jobs[carillon.OverlapSkip].EffectiveFrom.Add(-10*time.Second), end)
	for overlap, check := range map[carillon.Overlap]func(*history){
		carillon.OverlapSkip: (*history).skips, carillon.OverlapAllow: (*history).allows,
		carillon.OverlapQueue: (*history).queues, carillon.OverlapReplace: (*history).replaces,
	} {
		h := &history{T: t, overlap: overlap, rows: a.runs(t, "job_id="+jobs[overlap].ID.String()), calls: j.all(string(overlap)), casualties: killed}
		slices.SortFunc(h.rows, func(a, b run) int { return a.FireTime.Compare(b.FireTime) })
		h.repeatsOnlyWhatWasCutOff()
		check(h)
		t.Log(h.summary())
	}
}

// repeatsOnlyWhatWasCutOff holds second calls to runs whose runner was killed.
func (h *history) repeatsOnlyWhatWasCutOff() {
	if len(h.calls) == 0 {
		h.Fatalf("%s: no call", h.overlap)
	}
	last := map[string]call{}
	for _, c := range h.calls {
		before, repeated := last[c.key]
		if repeated && !(before.cut && near(h.runners, before.ended, time.Second)) {
			h.Errorf("%s: run of %s was called at %s and again at %s", h.overlap, c.fire, before.began, c.began)
		}
		last[c.key] = c
	}
	for _, r := range h.rows {
		c, called := last[r.ID.String()]
		if called && !c.cut != (r.State == carillon.StateSucceeded) {
			h.Errorf("%s: run of %s ended as %s (%s); call cut off: %t", h.overlap, r.FireTime, r.State, r.Reason, c.cut)
		}
		if !called && r.State == carillon.StateSucceeded {
			h.Errorf("%s: run of %s succeeded without a call", h.overlap, r.FireTime)
		}
	}
}

// near reports whether an instant lies within a while after one of some others.
func near(others []time.Time, at time.Time, within time.Duration) bool {
	return slices.ContainsFunc(others, func(o time.Time) bool { return !at.Before(o) && at.Sub(o) <= within })
}

// noTwoAtOnce allows a call that was cut off to be noticed a moment later.
func (h *history) noTwoAtOnce() {
	for i, c := range h.calls[1:] {
		before := h.calls[i]
		over := before.ended
		if before.cut {
			over = over.Add(-250 * time.Millisecond)
		}
		if before.ended.IsZero() || c.began.Before(over) {
			h.Errorf("%s: the call of %s began at %s, that of %s ended at %s", h.overlap, c.fire, c.began, before.fire, before.ended)
		}
	}
}

// ends holds every row to the states that may be, with what their reasons say.
func (h *history) ends(reasons map[carillon.State]string) {
	for _, r := range h.rows {
		says, ok := reasons[r.State]
		if !ok || !strings.Contains(r.Reason, says) {
			h.Errorf("%s: run of %s is %s: %s", h.overlap, r.FireTime, r.State, r.Reason)
		}
	}
}

func (h *history) skips() {
	h.noTwoAtOnce()
	h.ends(map[carillon.State]string{carillon.StateSucceeded: "", carillon.StateSkipped: "still in flight and overlap is skip"})
	for _, r := range h.rows {
		if r.State == carillon.StateSkipped && h.unfinished(r, r.PlannedAt.Add(-time.Second)) == 0 {
			h.Errorf("skip: the fire of %s was skipped at %s, when nothing was in flight", r.FireTime, r.PlannedAt)
		}
	}
}

func (h *history) allows() {
	h.ends(map[carillon.State]string{carillon.StateSucceeded: ""})
	beside := 0
	for i := range h.calls[1:] {
		if h.calls[i+1].began.Before(h.calls[i].ended) {
			beside++
		}
	}
	if beside == 0 {
		h.Error("allow: no two calls at once")
	}
}

func (h *history) queues() {
	h.noTwoAtOnce()
	h.ends(map[carillon.State]string{carillon.StateSucceeded: "", carillon.StateSkipped: "2 earlier fires wait and max_queued is 2"})
	for i, c := range h.calls[1:] {
		if c.fire.Before(h.calls[i].fire) {
			h.Errorf("queue: the run of %s was called after that of %s", c.fire, h.calls[i].fire)
		}
	}
	for _, r := range h.rows {
		if n := h.unfinished(r, r.FireTime); n > 3 && !near(h.planners, r.FireTime, 5*time.Second) {
			h.Errorf("queue: %d runs were in flight or waiting at %s", n, r.FireTime)
		}
	}
}

func (h *history) replaces() {
	const reason = "replaced by a later fire"
	h.noTwoAtOnce()
	h.ends(map[carillon.State]string{carillon.StateSucceeded: "", carillon.StateCancelled: reason, carillon.StateSkipped: reason})
	called := map[string]bool{}
	for _, c := range h.calls {
		if newer := h.firesBetween(c.fire, c.began); newer > 1 && !called[c.key] {
			h.Errorf("replace: the run of %s was called at %s, %d fires later", c.fire, c.began, newer)
		}
		called[c.key] = true
	}
	if last := h.rows[len(h.rows)-1]; last.State != carillon.StateSucceeded {
		h.Errorf("replace: the newest run is %s: %s", last.State, last.Reason)
	}
}

// unfinished counts the runs of earlier fires than one that ended well after an
// instant.
func (h *history) unfinished(than run, at time.Time) (n int) {
	for _, r := range h.rows {
		if r.State == carillon.StateSucceeded && r.FireTime.Before(than.FireTime) && r.FinishedAt.After(at) {
			n++
		}
	}
	return n
}

// firesBetween counts the fires after one instant, up to another.
func (h *history) firesBetween(after, until time.Time) (n int) {
	for _, r := range h.rows {
		if r.FireTime.After(after) && !r.FireTime.After(until) {
			n++
		}
	}
	return n
}

func (h *history) summary() string {
	states := map[carillon.State]int{}
	for _, r := range h.rows {
		states[r.State]++
	}
	return fmt.Sprintf("%s: %d fires, %v, %d calls", h.overlap, len(h.rows), states, len(h.calls))
}
