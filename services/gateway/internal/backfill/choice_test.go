package backfill

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/audit"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

// everyMinute is a revision of a job that fires at the full minute.
func everyMinute(number int64, from int) *audit.Revision {
	return &audit.Revision{Job: uuid.Max, Number: number, From: at(from), Schedule: []byte(`{"every": "1m"}`)}
}

func TestWhichFiresAModeWants(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		states           []carillon.State
		gaps, failed, of bool
	}{
		"no run":                        {nil, true, true, true},
		"missed":                        {[]carillon.State{carillon.StateMissed}, true, true, true},
		"expired":                       {[]carillon.State{carillon.StateExpired}, true, true, true},
		"lost":                          {[]carillon.State{carillon.StateLost}, true, true, true},
		"failed":                        {[]carillon.State{carillon.StateFailed}, false, true, true},
		"cancelled":                     {[]carillon.State{carillon.StateCancelled}, false, true, true},
		"skipped":                       {[]carillon.State{carillon.StateSkipped}, false, false, true},
		"succeeded":                     {[]carillon.State{carillon.StateSucceeded}, false, false, true},
		"queued":                        {[]carillon.State{carillon.StateQueued}, false, false, false},
		"running":                       {[]carillon.State{carillon.StateRunning}, false, false, false},
		"retrying":                      {[]carillon.State{carillon.StateRetrying}, false, false, false},
		"missed, then made up for":      {[]carillon.State{carillon.StateMissed, carillon.StateSucceeded}, false, false, true},
		"failed, then made up for":      {[]carillon.State{carillon.StateFailed, carillon.StateSucceeded}, false, false, true},
		"succeeded, then failed":        {[]carillon.State{carillon.StateSucceeded, carillon.StateFailed}, false, false, true},
		"missed, and its backfill lost": {[]carillon.State{carillon.StateMissed, carillon.StateLost}, true, true, true},
		"missed, and being made up for": {[]carillon.State{carillon.StateMissed, carillon.StateRunning}, false, false, false},
		"succeeded, and run once more":  {[]carillon.State{carillon.StateSucceeded, carillon.StateRetrying}, false, false, false},
	} {
		for mode, want := range map[Mode]bool{Unexplained: len(test.states) == 0, Gaps: test.gaps, Failed: test.failed, All: test.of} {
			ledger := NewLedger(time.Time{}, noon)
			for _, state := range test.states {
				ledger.Add(noon, state)
			}
			choice, err := Range{Mode: mode}.Choose([]time.Time{noon}, ledger)
			if err != nil || (len(choice.Fires) == 1) != want {
				t.Errorf("%s, mode %s: %+v, %v", name, mode, choice, err)
			}
		}
	}
}

func TestAFireThatAnOpenBackfillHasYetToRunIsLeftOut(t *testing.T) {
	t.Parallel()
	ledger := NewLedger(time.Time{}, noon)
	ledger.Add(at(1), carillon.StateMissed)
	ledger.AddWaiting(at(1))
	for _, mode := range Modes() {
		choice, err := Range{Mode: mode}.Choose([]time.Time{at(0), at(1)}, ledger)
		if err != nil || choice.UnderWay != 1 || !slices.Equal(choice.Fires, []time.Time{at(0)}) {
			t.Errorf("%s: %+v, %v", mode, choice, err)
		}
	}
}

// TestWhatThePlannerHasYetToDecide has a mark at minute 3, up to a job, and a fire
// of minute 1 that is still to come.
func TestWhatThePlannerHasYetToDecide(t *testing.T) {
	t.Parallel()
	first := []*audit.Revision{everyMinute(1, 0)}
	mark := wire.Mark{Reach: wire.Reach{At: at(3)}}
	r := Range{From: at(0), To: at(6), Mode: Gaps, Schedule: Original}
	for job, want := range map[uuid.UUID][]time.Time{uuid.Max: {at(0), at(2), at(3)}, uuid.Nil: {at(0), at(2)}} {
		mark.Job = job // the last that was planned at minute 3
		ledger := NewLedger(time.Time{}, noon)
		fires, err := r.Fires(first, nil)
		if err != nil {
			t.Fatal(err)
		}
		ledger.AddUndecided(mark, first, nil, fires)
		ledger.AddAllWaiting([]time.Time{at(1)})
		choice, err := r.Choose(fires, ledger)
		if err != nil || !slices.Equal(choice.Fires, want) || choice.UnderWay != 6-len(want) {
			t.Errorf("%s: %+v, %v", job, choice, err)
		}
	}
}

// TestOnlyWhatIsAskedForIsKept has a job that fired every minute, and is asked for
// every 20 seconds of a minute that the planner has yet to decide.
func TestOnlyWhatIsAskedForIsKept(t *testing.T) {
	t.Parallel()
	ledger := NewLedger(time.Time{}, noon)
	fires := []time.Time{at(1), at(1).Add(20 * time.Second), at(1).Add(40 * time.Second), at(2000)}
	ledger.AddUndecided(wire.Mark{Reach: wire.Reach{At: at(0)}}, []*audit.Revision{everyMinute(1, 0)}, nil, fires)
	if len(ledger.fires) != 2 || ledger.fires[at(1).Unix()] != underWay || ledger.fires[at(2000).Unix()] != underWay {
		t.Errorf("%v", ledger.fires)
	}
}

// TestWhatTheLedgerNoLongerKeeps has a job from minute 2 on, and rows from minute 5.
func TestWhatTheLedgerNoLongerKeeps(t *testing.T) {
	t.Parallel()
	ledger := NewLedger(at(5), at(2))
	ledger.Add(at(3), carillon.StateMissed) // of a backfill before
	fires := []time.Time{at(0), at(1), at(2), at(3), at(4), at(5)}
	for mode, want := range map[Mode][]time.Time{
		Gaps: {at(0), at(1), at(3), at(5)}, Failed: {at(0), at(1), at(3), at(5)}, All: fires,
	} {
		choice, err := Range{Mode: mode}.Choose(fires, ledger)
		if err != nil || !slices.Equal(choice.Fires, want) || choice.Unknown != len(fires)-len(want) {
			t.Errorf("%s: %+v, %v", mode, choice, err)
		}
	}
}

// TestBySchedule has a job that was created at minute 5 and paused from minute 8.
func TestBySchedule(t *testing.T) {
	t.Parallel()
	paused := everyMinute(2, 8)
	paused.Paused, paused.Schedule = true, []byte(`{"every": "2m"}`)
	for schedule, want := range map[Schedule][]time.Time{
		Original: {at(5), at(6), at(7)}, Current: {at(2), at(4), at(6), at(8)},
	} {
		got, err := Range{From: at(2), To: at(10), Schedule: schedule}.Fires([]*audit.Revision{paused, everyMinute(1, 5)}, nil)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", schedule, got, err)
		}
	}
}

func TestARangeThatIsTooLargeSaysWhereToCut(t *testing.T) {
	t.Parallel()
	var tooMany *TooManyError
	r := Range{From: noon, To: at(MaxRange + 1), Mode: Gaps, Schedule: Original}
	if _, err := r.Fires([]*audit.Revision{everyMinute(1, 0)}, nil); !errors.As(err, &tooMany) || !tooMany.Cut.Equal(at(wire.MaxBackfill)) {
		t.Errorf("fires: %v", err)
	}
	r.To = tooMany.Cut
	all, err := r.Fires([]*audit.Revision{everyMinute(1, 0)}, nil)
	if err != nil || len(all) != wire.MaxBackfill {
		t.Fatalf("%d fires, %v", len(all), err)
	}
	if choice, err := r.Choose(all, NewLedger(time.Time{}, noon)); err != nil || len(choice.Fires) != wire.MaxBackfill {
		t.Errorf("a cut that is refused: %v", err)
	}
	r.To = at(MaxRange)
	fires, err := r.Fires([]*audit.Revision{everyMinute(1, 0)}, nil)
	if err != nil || len(fires) != MaxRange {
		t.Fatalf("%d fires, %v", len(fires), err)
	}
	ledger := NewLedger(time.Time{}, noon)
	for minute := range 100 {
		ledger.Add(at(minute), carillon.StateSucceeded)
	}
	if _, err := r.Choose(fires, ledger); !errors.As(err, &tooMany) || !tooMany.Cut.Equal(at(100+wire.MaxBackfill)) {
		t.Errorf("to run: %v", err)
	}
	choice, err := r.Choose(fires[:100+wire.MaxBackfill], ledger)
	if err != nil || len(choice.Fires) != wire.MaxBackfill || !choice.Fires[0].Equal(at(100)) {
		t.Errorf("%d to run, %v", len(choice.Fires), err)
	}
}

func TestASampleShowsBothEnds(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "[]", 1: "[0]", 3: "[0 1 2]", 4: "[0 1 3]", 9: "[0 1 8]"} {
		var choice Choice
		for minute := range n {
			choice.Fires = append(choice.Fires, at(minute))
		}
		minutes := []int{}
		for _, fire := range choice.Sample(3) {
			minutes = append(minutes, int(fire.Sub(noon)/time.Minute))
		}
		if got := fmt.Sprint(minutes); got != want {
			t.Errorf("of %d: %s, want %s", n, got, want)
		}
	}
}
