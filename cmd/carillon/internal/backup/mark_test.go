package backup

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

// doubting is a stand of a system that was restored, and doubts fires up to an instant.
func (s stand) doubting(seconds int) stand {
	s.Mark.Restored = at(seconds)
	return s
}

// standing is a mark at an instant, with reaches that it went back from.
func standing(sequence uint64, seconds int, past ...int) stand {
	mark := wire.Mark{Reach: wire.Reach{At: at(seconds), Seen: 99}}
	for _, p := range past {
		mark.Past = append(mark.Past, wire.Reach{At: at(p), Seen: 98})
	}
	return stand{mark, sequence}
}

func TestUpToWhenAMarkIsDoubtful(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, after stand
		until, want   time.Time
	}{
		"nothing was planned meanwhile":              {standing(1, 10), standing(1, 10), time.Time{}, time.Time{}},
		"nor before":                                 {stand{}, stand{}, time.Time{}, time.Time{}},
		"something was planned meanwhile":            {standing(1, 10), standing(2, 20), time.Time{}, at(20)},
		"the first fires were":                       {stand{}, standing(2, 20), time.Time{}, at(20)},
		"planning went back meanwhile":               {standing(1, 30), standing(2, 20, 30), time.Time{}, at(30)},
		"it had gone back before":                    {standing(1, 10, 40), standing(1, 10, 40), time.Time{}, at(40)},
		"it went back and forgot":                    {standing(1, 30), standing(2, 20), time.Time{}, at(30)},
		"the system went on":                         {standing(1, 10), standing(2, 20), at(60), at(60)},
		"it went on, with nothing planned meanwhile": {standing(1, 10), standing(1, 10), at(60), at(60)},
		"the mark is beyond all that":                {standing(1, 10), standing(2, 70), at(60), at(70)},
		"the system was restored itself":             {standing(1, 10).doubting(40), standing(1, 10).doubting(40), time.Time{}, at(40)},
		"and went on later":                          {standing(1, 10).doubting(40), standing(1, 10).doubting(40), at(60), at(60)},
		"and was at work":                            {standing(1, 10).doubting(40), standing(2, 20).doubting(40), time.Time{}, at(40)},
		"and nothing had been planned":               {stand{}.doubting(40), stand{}.doubting(40), time.Time{}, at(40)},
	} {
		mark := restored(c.before, c.after, c.until, 7)
		if !mark.Restored.Equal(c.want) {
			t.Errorf("%s: doubtful up to %s, want %s", name, mark.Restored, c.want)
		}
		if !mark.At.Equal(c.before.Mark.At) || mark.Seen != 7 || len(mark.Past) > 0 || !mark.Floor.Equal(mark.At) {
			t.Errorf("%s: goes on from %+v", name, mark)
		}
	}
}

func TestWhichRevisionsAreRestored(t *testing.T) {
	t.Parallel()
	line := func(deleted bool, from ...int) (line []wire.Definition) {
		for i, seconds := range from {
			line = append(line, wire.Definition{Job: carillon.Job{Revision: int64(i + 1), EffectiveFrom: at(seconds)}})
		}
		line[len(line)-1].Deleted = deleted
		return line
	}
	many := make([]int, 40)
	for i := range many {
		many[i] = i
	}
	for name, c := range map[string]struct {
		line []wire.Definition
		from time.Time
		want string
	}{
		"the one that holds":             {line(false, 0, 10, 20), at(30), "3"},
		"and what comes":                 {line(false, 0, 10, 20), at(10), "2 3"},
		"all, where nothing is planned":  {line(false, 0, 10, 20), time.Time{}, "1 2 3"},
		"not a job that is gone":         {line(true, 0, 10), at(10), ""},
		"but one that goes":              {line(true, 0, 10), at(9), "1 2"},
		"as many as the stream keeps":    {line(false, many...), time.Time{}, "25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40"},
		"the last that begins at a time": {line(false, 0, 10, 10), at(10), "3"},
	} {
		text := ""
		for _, revision := range holding(c.line, c.from) {
			text += fmt.Sprint(" ", revision.Revision)
		}
		if c.want != "" {
			c.want = " " + c.want
		}
		if text != c.want {
			t.Errorf("%s:%s, want%s", name, text, c.want)
		}
	}
}

func TestHeldFiresNeedTheirRevision(t *testing.T) {
	t.Parallel()
	mark := wire.Mark{Reach: wire.Reach{At: at(10)}, Held: map[uuid.UUID][]wire.Held{uuid.New(): {{At: at(5)}, {At: at(7)}}, uuid.New(): {{At: at(8)}}}}
	if got := needed(mark); !got.Equal(at(5)) {
		t.Errorf("needed from %s", got)
	}
}

func TestUntilWhenTheSystemWentOn(t *testing.T) {
	t.Parallel()
	now := at(100)
	for name, c := range map[string]struct {
		choice   Choice
		planning bool
		want     time.Time
		err      error
	}{
		"at rest":                        {Choice{}, false, now, ErrUntilWhen},
		"at rest, and stayed so":         {Choice{AtRest: true}, false, time.Time{}, nil},
		"at work":                        {Choice{}, true, now, ErrUntilWhen},
		"at work, and stopped":           {Choice{AtRest: true}, true, at(50), nil},
		"at work, until then":            {Choice{RanUntil: at(60)}, true, at(60), nil},
		"at rest, and was started again": {Choice{RanUntil: at(60)}, false, at(60), nil},
		"skip needs no word":             {Choice{Skip: true}, true, now, nil},
	} {
		got, err := c.choice.until(end{At: at(50), Planning: c.planning}, now)
		if !got.Equal(c.want) || !errors.Is(err, c.err) {
			t.Errorf("%s: %s %v", name, got, err)
		}
	}
}
