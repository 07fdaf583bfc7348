package system

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
)

// missedFires is how many fires of each job come due while no planner runs.
const missedFires = 5

// slack is how long after the last of them planners start: beyond the five
// seconds by which a fire may be late without being missed.
const slack = 5200 * time.Millisecond

// TestAStandstillIsCaughtUpAsAsked stops all planners while five fires of each
// job come due, and pauses one job meanwhile. When planning goes on, each job has
// as many runs as its catch-up policy says, and the other fires have rows that
// say why they were missed; but those of paused time have none.
func TestAStandstillIsCaughtUpAsAsked(t *testing.T) {
	t.Parallel()
	every := 6 * time.Second
	if *full {
		every = time.Minute
	}
	a, tg := newArena(t), newTarget(t, 0)
	create := func(name string, catchUp carillon.CatchUp) carillon.Job {
		return a.create(t, carillon.Document{
			Name: name, Schedule: schedule.Spec{Every: schedule.Duration(every)}, Target: carillon.Target{URL: tg.url}, CatchUp: catchUp,
		})
	}
	cases := []struct {
		job  carillon.Job
		runs int
		says string // of the fires that are missed
	}{
		{create("skip", carillon.CatchUp{Policy: carillon.CatchUpSkip}), 0, "and catch_up is skip"},
		{create("latest", carillon.CatchUp{Policy: carillon.CatchUpLatest}), 1, "and catch_up runs only the latest"},
		{create("all", carillon.CatchUp{Policy: carillon.CatchUpAll}), missedFires, ""},
		{create("two", carillon.CatchUp{Policy: carillon.CatchUpAll, Max: 2}), 2, "and catch_up runs only the latest 2"},
	}
	paused := create("paused", carillon.CatchUp{Policy: carillon.CatchUpAll})
	planned := a.firstFire(paused, every)
	first := planned.Add(every)
	a.stopPlanners()
	from := a.changed(t, "POST", paused, "/pause", nil).EffectiveFrom
	pause(t, time.Until(first.Add((missedFires-2)*every+time.Second)))
	until := a.changed(t, "POST", paused, "/resume", nil).EffectiveFrom
	pause(t, time.Until(first.Add((missedFires-1)*every+slack)))
	a.addPlanner()

	end := first.Add(missedFires * every)
	pause(t, time.Until(end.Add(time.Second)))
	a.settled(planned, end)
	for _, c := range cases {
		a.checkCaughtUp(c.job, first, end, c.runs, c.says)
	}
	a.checkPaused(paused, first, every, from, until)
}

// firstFire waits for a fire that has its row, and returns its time.
func (a *arena) firstFire(job carillon.Job, every time.Duration) time.Time {
	a.t.Helper()
	pause(a.t, time.Until(job.EffectiveFrom.Add(every)))
	a.awaitRuns(a.t, job, 1)
	return a.runs(a.t, "job_id="+job.ID.String())[0].FireTime
}

// stopPlanners ends all planners in good order.
func (a *arena) stopPlanners() {
	a.t.Helper()
	for _, p := range a.planners {
		a.signal(p, syscall.SIGTERM)
		_, _ = p.cmd.Process.Wait()
	}
	a.planners = nil
}

// between returns a job's rows of a window.
func (a *arena) between(job carillon.Job, from, end time.Time) (rows []run) {
	a.t.Helper()
	for _, r := range a.runs(a.t, "job_id="+job.ID.String()) {
		if !r.FireTime.Before(from) && r.FireTime.Before(end) {
			rows = append(rows, r)
		}
	}
	return rows
}

// checkCaughtUp counts the runs of a standstill, which are the newest, and looks
// at what the other rows say.
func (a *arena) checkCaughtUp(job carillon.Job, first, end time.Time, runs int, says string) {
	a.t.Helper()
	rows := a.between(job, first, end) // the newest first
	if len(rows) != missedFires {
		a.t.Errorf("%s: %d rows for %d fires", job.Name, len(rows), missedFires)
	}
	for i, r := range rows {
		switch {
		case i < runs && r.State == carillon.StateSucceeded:
		case i >= runs && r.State == carillon.StateMissed && strings.HasPrefix(r.Reason, "planned ") && strings.HasSuffix(r.Reason, says):
		default:
			a.t.Errorf("%s: the fire of %s is %s %q", job.Name, r.FireTime, r.State, r.Reason)
		}
	}
}

// checkPaused looks for a row of each fire of a standstill that the job was not
// paused at, and none of the others.
func (a *arena) checkPaused(job carillon.Job, first time.Time, every time.Duration, from, until time.Time) {
	a.t.Helper()
	rows := map[time.Time]string{}
	for _, r := range a.runs(a.t, "job_id="+job.ID.String()) {
		rows[r.FireTime] = fmt.Sprint(r.State, " ", r.Reason)
	}
	without := 0
	for i := range missedFires {
		at := first.Add(time.Duration(i) * every)
		switch paused := !at.Before(from) && at.Before(until); {
		case paused && rows[at] != "":
			a.t.Errorf("the fire of %s has a row (%s), although the job was paused from %s until %s", at, rows[at], from, until)
		case paused:
			without++
		case rows[at] != "succeeded ":
			a.t.Errorf("the fire of %s is %q, although the job was not paused", at, rows[at])
		}
	}
	if without < 2 { // four, unless the machine is slow
		a.t.Errorf("the job was paused at %d fires", without)
	}
}
