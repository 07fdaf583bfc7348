package backfill

import (
	"cmp"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/audit"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// row is a run as the naive model keeps it.
type row struct {
	at    time.Time
	state carillon.State
}

// past is a job's whole past: its revisions by number, its runs, and the fires
// that open backfills have yet to run.
type past struct {
	revisions         []audit.Revision
	rows              []row
	waiting           []time.Time
	keptFrom, created time.Time
}

func somePast(c *rand.Rand) (p past) {
	from, texts := at(c.IntN(30)-10), slices.Sorted(maps.Keys(schedules))
	p.created, p.keptFrom = from, at(c.IntN(40)-20)
	for number := range int64(1 + c.IntN(4)) {
		p.revisions = append(p.revisions, audit.Revision{
			Job: uuid.Max, Number: number + 1, From: from, Paused: c.IntN(3) == 0, Deleted: number > 0 && c.IntN(6) == 0,
			Schedule: []byte(texts[c.IntN(len(texts))]),
		})
		from = from.Add(time.Duration(1+c.IntN(1200)) * time.Second)
	}
	for range c.IntN(80) {
		p.rows = append(p.rows, row{at(c.IntN(60)), carillon.States()[c.IntN(len(carillon.States()))]})
	}
	for range c.IntN(5) {
		p.waiting = append(p.waiting, at(c.IntN(60)))
	}
	return p
}

// choose does so by the code under test.
func (p past) choose(r Range) (Choice, error) {
	var newestFirst []*audit.Revision
	for _, revision := range slices.Backward(p.revisions) {
		newestFirst = append(newestFirst, &revision)
	}
	ledger := NewLedger(p.keptFrom, p.created)
	for _, run := range p.rows {
		ledger.Add(run.at, run.state)
	}
	for _, fire := range p.waiting {
		ledger.AddWaiting(fire)
	}
	fires, err := r.Fires(newestFirst, nil)
	if err != nil {
		return Choice{}, err
	}
	return r.Choose(fires, ledger)
}

// naive goes through the range minute by minute.
func (p past) naive(r Range) (c Choice) {
	for fire := r.From; fire.Before(r.To); fire = fire.Add(time.Minute) {
		if !p.calledFor(r.Schedule, fire) {
			continue
		}
		switch verdict := p.verdict(r.Mode, fire); verdict {
		case "run":
			c.Fires = append(c.Fires, fire)
		case "under way":
			c.UnderWay++
		case "unknown":
			c.Unknown++
		}
	}
	return c
}

func (p past) calledFor(by Schedule, fire time.Time) bool {
	held := slices.MaxFunc(p.revisions, func(a, b audit.Revision) int { return cmp.Compare(a.Number, b.Number) })
	if by == Original {
		begun := slices.DeleteFunc(slices.Clone(p.revisions), func(r audit.Revision) bool { return fire.Before(r.From) })
		if len(begun) == 0 {
			return false
		}
		if held = begun[len(begun)-1]; held.Paused || held.Deleted {
			return false
		}
	}
	_, ok := schedules[string(held.Schedule)].Nominal(fire)
	return ok
}

// schedules are those that a past may have.
var schedules = func() map[string]*schedule.Schedule {
	all := map[string]*schedule.Schedule{}
	for _, text := range []string{`{"every": "1m"}`, `{"every": "3m"}`, `{"cron": "*/5 * * * *"}`} {
		var spec schedule.Spec
		if err := json.Unmarshal([]byte(text), &spec); err != nil {
			panic(err)
		}
		all[text], _ = spec.Compile(uuid.Max.String())
	}
	return all
}()

func (p past) verdict(mode Mode, fire time.Time) string {
	seen := map[carillon.State]bool{}
	for _, run := range p.rows {
		if run.at.Equal(fire) {
			seen[run.state] = true
		}
	}
	any := func(states ...carillon.State) bool {
		return slices.ContainsFunc(states, func(s carillon.State) bool { return seen[s] })
	}
	switch {
	case any(carillon.StateQueued, carillon.StateRunning, carillon.StateRetrying), slices.ContainsFunc(p.waiting, fire.Equal):
		return "under way"
	case mode == All:
		return "run"
	case len(seen) == 0 && fire.Before(p.keptFrom) && !fire.Before(p.created):
		return "unknown"
	case mode == Unexplained:
		return map[bool]string{true: "run", false: "leave"}[len(seen) == 0]
	case any(carillon.StateSucceeded):
		return "leave"
	case any(carillon.StateFailed, carillon.StateCancelled):
		return map[Mode]string{Gaps: "leave", Failed: "run"}[mode]
	case any(carillon.StateSkipped):
		return "leave"
	}
	return "run"
}

// TestTheChoiceIsThatOfANaiveModel goes through 1,000 pasts.
func TestTheChoiceIsThatOfANaiveModel(t *testing.T) {
	t.Parallel()
	var seen Choice
	for seed := range uint64(1_000) {
		c := rand.New(rand.NewPCG(seed, 7))
		p := somePast(c)
		for _, by := range []Schedule{Original, Current} {
			if p.revisions[len(p.revisions)-1].Deleted && by == Current {
				continue // a deleted job is refused before
			}
			r := Range{From: at(0), To: at(60), Mode: Modes()[c.IntN(len(Modes()))], Schedule: by}
			got, err := p.choose(r)
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(p.naive(r), got); diff != "" {
				t.Fatalf("seed %d, %+v: %s", seed, r, diff)
			}
			seen.Fires = append(seen.Fires, got.Fires...)
			seen.UnderWay += got.UnderWay
			seen.Unknown += got.Unknown
		}
	}
	if min(len(seen.Fires), seen.UnderWay, seen.Unknown) < 500 {
		t.Errorf("too little of it happened: %d, %d, %d", len(seen.Fires), seen.UnderWay, seen.Unknown)
	}
}
