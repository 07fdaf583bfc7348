package system

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"golang.org/x/sync/errgroup"
)

// editors is how many edit at once, and editEvery the pause of each: 64 changes a
// second by all of them.
const (
	editors   = 8
	editEvery = editors * time.Second / 64
)

// revision is a line of a job's history, as the API shows it.
type revision struct {
	Revision      int64             `json:"revision"`
	Action        string            `json:"action"`
	EffectiveFrom time.Time         `json:"effective_from"`
	Document      carillon.Document `json:"document"`
}

// TestEditsDuringAHerd edits, pauses, resumes, deletes and creates jobs at random
// while a herd of them fires every second and planners are killed. Whatever the
// target was called for was of the revision that held at the fire time, and the
// audit finds a row for each fire of each revision.
func TestEditsDuringAHerd(t *testing.T) {
	t.Parallel()
	jobs, length, seed := 240, 16*time.Second, rand.Uint64()
	if *full {
		jobs, length = 480, 2*time.Minute
	}
	t.Logf("seed %d", seed)
	a, j := newArena(t), newJournal(t, 0)
	a.widen()
	var all []*editor
	for i := range editors {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		all = append(all, &editor{Client: a.Client, random: random, name: fmt.Sprintf("editor-%d", i), target: j.url})
	}
	if err := each(t, all, func(ctx context.Context, e *editor) error { return e.begin(ctx, jobs/editors) }); err != nil {
		t.Fatal(err)
	}
	begin := time.Now().UTC()
	stop := make(chan struct{})
	edited := make(chan error, 1)
	go func() {
		edited <- each(t, all, func(ctx context.Context, e *editor) error { return e.work(ctx, editEvery, stop) })
	}()
	kills := 0
	for ; time.Since(begin) < length; kills++ {
		pause(t, 4*time.Second)
		a.killBusiest()
	}
	close(stop)
	if err := <-edited; err != nil {
		t.Fatal(err)
	}
	pause(t, 2*time.Second) // the last edits come to hold
	end := time.Now().UTC()
	report := a.settled(begin, end)
	checked := a.checkRevisions(all, j, begin, end)
	if called := report.States[carillon.StateSucceeded]; checked != called || called < jobs {
		t.Errorf("%d calls, %d runs succeeded, of %d fires", checked, called, report.Expected)
	}
	edits := 0
	for _, e := range all {
		edits += e.edits
	}
	t.Logf("%d edits and %d kills in %s: %+v", edits, kills, end.Sub(begin), report)
}

// each lets all editors do something at once.
func each(t *testing.T, all []*editor, do func(context.Context, *editor) error) error {
	group, ctx := errgroup.WithContext(t.Context())
	for _, e := range all {
		group.Go(func() error { return do(ctx, e) })
	}
	return group.Wait()
}

// checkRevisions holds each call of a window to the revision that held at its
// fire time, and to be the only one of its run. It returns how many there were.
func (a *arena) checkRevisions(all []*editor, j *journal, begin, end time.Time) (calls int) {
	a.t.Helper()
	lines, seen := a.lines(all), map[string]bool{}
	for _, c := range j.all("") {
		if c.fire.Before(begin) || !c.fire.Before(end) {
			continue
		}
		calls++
		if seen[c.key] {
			a.t.Errorf("the run of %s by %s was called twice", c.fire, c.path)
		}
		seen[c.key] = true
		held := holding(lines[c.job], c.fire)
		if held == nil || held.Action == "deleted" || held.Document.Paused || held.Document.Target.URL != j.url+"/"+c.path {
			a.t.Errorf("at %s the target was called for the fire of %s by %s, while %+v held", c.began, c.fire, c.path, held)
		}
	}
	return calls
}

// lines returns the histories of all jobs by name, the newest revision first.
func (a *arena) lines(all []*editor) map[string][]revision {
	a.t.Helper()
	lines := map[string][]revision{}
	for _, e := range all {
		for _, job := range e.made {
			var page struct{ Items []revision }
			if err := a.Do(a.t.Context(), "GET", "/jobs/"+job.String()+"/revisions?limit=500", nil, &page); err != nil {
				a.t.Fatal(err)
			}
			lines[page.Items[0].Document.Name] = page.Items
		}
	}
	return lines
}

// holding is the revision that holds at an instant.
func holding(newestFirst []revision, at time.Time) *revision {
	i := slices.IndexFunc(newestFirst, func(r revision) bool { return !r.EffectiveFrom.After(at) })
	if i < 0 {
		return nil
	}
	return &newestFirst[i]
}
