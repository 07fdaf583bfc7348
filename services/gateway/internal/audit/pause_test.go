package audit

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func second(n int) time.Time { return noon.Add(time.Duration(n) * time.Second) }

func TestWhatIsPausedWhen(t *testing.T) {
	t.Parallel()
	p := newPauses([]Pause{
		{Namespace: "a", Revision: 3, Paused: true, From: second(40)},
		{Namespace: "a", Revision: 1, Paused: true, From: second(10)},
		{Namespace: "a", Revision: 2, Paused: false, From: second(20)},
		{Namespace: "b", Revision: 1, Paused: true, From: second(10)},
		{Namespace: "b", Revision: 2, Paused: true, From: second(30)}, // once more
		{Namespace: "b", Revision: 4, Paused: false, From: second(50)},
		{Namespace: "b", Revision: 3, Paused: false, From: second(60)}, // never holds
		{Revision: 1, Paused: true, From: second(15)},
		{Revision: 2, Paused: false, From: second(45)},
	})
	for _, c := range []struct {
		namespace string
		at, since int // since 0: not paused
		reason    string
	}{
		{"a", 9, 0, ""},
		{"a", 10, 10, "its namespace was paused"},
		{"a", 19, 10, "its namespace was paused"},
		{"a", 20, 15, "everything was paused"},
		{"a", 44, 15, "its namespace was paused"},
		{"a", 45, 40, "its namespace was paused"},
		{"a", 3600, 40, "its namespace was paused"},
		{"b", 49, 10, "its namespace was paused"},
		{"b", 50, 0, ""},
		{"b", 65, 0, ""},
		{"c", 14, 0, ""},
		{"c", 44, 15, "everything was paused"},
		{"c", 45, 0, ""},
	} {
		var want time.Time
		if c.since != 0 {
			want = second(c.since)
		}
		if got := p.since(c.namespace, second(c.at)); !got.Equal(want) || c.since != 0 && p.reason(c.namespace, second(c.at)) != c.reason {
			t.Errorf("%+v: since %s, %s", c, got, p.reason(c.namespace, second(c.at)))
		}
	}
}

// TestRowsOfAPause has a namespace that is paused from second 10 to second 40, and
// a job of it that fires every 5 seconds, and every 7 from second 20 on.
func TestRowsOfAPause(t *testing.T) {
	t.Parallel()
	job := uuid.New()
	revisions := []Revision{
		{Job: job, Number: 1, From: noon, Namespace: "a", Schedule: every(5 * time.Second)},
		{Job: job, Number: 2, From: second(20), Namespace: "a", Schedule: every(10 * time.Second)},
	}
	pauses := []Pause{
		{Namespace: "a", Revision: 1, Paused: true, From: second(10)}, {Namespace: "a", Revision: 2, From: second(40)},
		{Namespace: "other", Revision: 1, Paused: true, From: noon},
	}
	type verdict struct{ Superseded, OtherRevision, Stale, Unexpected int }
	for name, test := range map[string]struct {
		at, planned int
		revision    int64
		want        verdict
		reason      string
	}{
		"planned before the news":                {15, 15, 1, verdict{Superseded: 1}, ""},
		"planned a minute after":                 {15, 70, 1, verdict{Superseded: 1}, ""},
		"planned later":                          {15, 71, 1, verdict{Stale: 1}, "planned 1m1s after its namespace was paused"},
		"the same under an edit":                 {30, 71, 2, verdict{Stale: 1}, "planned 1m1s after its namespace was paused"},
		"an overruled revision too":              {25, 71, 1, verdict{Stale: 1}, "planned 1m1s after its namespace was paused"},
		"no fire of anything":                    {16, 16, 1, verdict{Unexpected: 1}, "its namespace was paused"},
		"a revision that is yet to come":         {10, 10, 2, verdict{Unexpected: 1}, "its namespace was paused"},
		"an expected fire":                       {50, 50, 2, verdict{}, ""},
		"an expected fire, by an earlier one":    {50, 80, 1, verdict{OtherRevision: 1}, ""},
		"an expected fire, by a much earlier":    {50, 81, 1, verdict{Stale: 1}, "planned 1m1s after a later revision took effect"},
		"an expected fire, of no known revision": {50, 81, 7, verdict{OtherRevision: 1}, ""},
		"an overruled fire":                      {55, 80, 1, verdict{Superseded: 1}, ""},
		"an overruled fire, later":               {55, 3620, 1, verdict{Stale: 1}, "planned 1h after a later revision took effect"},
	} {
		row := rowAt(job, time.Duration(test.at)*time.Second, test.revision)
		row.PlannedAt = second(test.planned)
		report := compare(t, minute, pauses, revisions, []Row{row})
		got := verdict{report.Superseded, report.OtherRevision, report.Stale, report.Unexpected}
		if diff := gocmp.Diff(test.want, got); diff != "" || report.Expected != 4 || len(report.StaleRows) != report.Stale {
			t.Errorf("%s: %d expected, %s", name, report.Expected, diff)
		}
		for _, listed := range append(report.StaleRows, report.UnexpectedRows...) {
			if listed.Reason != test.reason || listed.RunID != row.ID {
				t.Errorf("%s: %+v", name, listed)
			}
		}
	}
}
