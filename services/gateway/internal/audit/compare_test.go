package audit

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

var minute = Window{From: noon, To: noon.Add(time.Minute), Most: 1000}

func rowAt(job uuid.UUID, after time.Duration, revision int64) Row {
	at := noon.Add(after)
	return Row{ID: carillon.NewRunID(job, carillon.KindSchedule, at), Job: job, At: at, Revision: revision, PlannedAt: at, State: carillon.StateSucceeded}
}

func TestOddRowsSayWhy(t *testing.T) {
	t.Parallel()
	job := uuid.New()
	revisions := []Revision{
		{Job: job, Number: 1, From: noon.Add(10 * time.Second), Schedule: every(5 * time.Second)},
		{Job: job, Number: 2, From: noon.Add(20 * time.Second), Schedule: every(7 * time.Second)},
		{Job: job, Number: 3, From: noon.Add(30 * time.Second), Schedule: every(5 * time.Second), Paused: true},
		{Job: job, Number: 4, From: noon.Add(40 * time.Second), Schedule: every(5 * time.Second), Deleted: true},
	}
	stranger := rowAt(job, 10*time.Second, 1)
	stranger.ID = uuid.New()
	for want, row := range map[string]Row{
		"no job has this id":                                  rowAt(uuid.New(), 0, 1),
		"the job did not exist yet":                           rowAt(job, 5*time.Second, 1),
		"the run id is not that of the job and the fire time": stranger,
		"the schedule does not fire then":                     rowAt(job, 22*time.Second, 2),
		"the job was paused":                                  rowAt(job, 35*time.Second, 3),
		"the job was deleted":                                 rowAt(job, 41*time.Second, 1),
		"":                                                    rowAt(job, 45*time.Second, 1),
	} {
		report := compare(t, minute, nil, revisions, []Row{row})
		switch {
		case want == "" && (report.Superseded != 1 || report.Unexpected != 0):
			t.Errorf("a late edit: %+v", report)
		case want != "" && (report.Unexpected != 1 || report.UnexpectedRows[0].Reason != want || report.UnexpectedRows[0].RunID != row.ID):
			t.Errorf("%s: %+v", want, report)
		}
	}
}

func TestListsAreBounded(t *testing.T) {
	t.Parallel()
	job := uuid.New()
	const most = 10
	w := Window{From: noon, To: noon.Add(time.Hour), Most: most}
	var rows []Row
	for i := range 3600 {
		rows = append(rows, rowAt(job, time.Duration(i)*time.Second+time.Millisecond, 1))
	}
	report := compare(t, w, nil, []Revision{{Job: job, Number: 1, From: noon, Schedule: every(time.Second)}}, rows)
	if report.Unexplained != 3600 || report.Unexpected != 3600 || len(report.UnexplainedFires) != most || len(report.UnexpectedRows) != most {
		t.Errorf("%d unexplained, %d listed; %d unexpected, %d listed", report.Unexplained, len(report.UnexplainedFires), report.Unexpected, len(report.UnexpectedRows))
	}
}

func TestUnreadableRevisionsAreCounted(t *testing.T) {
	t.Parallel()
	job := uuid.New()
	report := compare(t, minute, nil, []Revision{
		{Job: job, Number: 1, From: noon, Schedule: []byte(`{"cron": "no"}`)},
		{Job: job, Number: 2, From: noon.Add(30 * time.Second), Schedule: every(10 * time.Second)},
	}, nil)
	if report.Unreadable != 1 || report.Expected != 3 {
		t.Errorf("%+v", report)
	}
}

func TestAnAuditEndsWithItsSources(t *testing.T) {
	t.Parallel()
	gone := errors.New("gone")
	job := uuid.New()
	one := func() Source[*Revision] {
		return sourceOf([]*Revision{{Job: job, Number: 1, From: noon, Schedule: every(time.Second)}})
	}
	none, failing := ledgerOf(nil), ledgerOf(nil)
	failing.Rows = func([]uuid.UUID) Source[Row] { return func() (Row, error) { return Row{}, gone } }
	if _, err := Compare(minute, nil, one(), failing); !errors.Is(err, gone) {
		t.Errorf("rows: %v", err)
	}
	failing.Digests = func() (Digest, error) { return Digest{}, gone }
	if _, err := Compare(minute, nil, one(), failing); !errors.Is(err, gone) {
		t.Errorf("digests: %v", err)
	}
	if _, err := Compare(minute, nil, func() (*Revision, error) { return nil, gone }, none); !errors.Is(err, gone) {
		t.Errorf("revisions: %v", err)
	}
}

// TestRevisionsThatWouldBeginAfterLaterOnes never hold, as the planner has it.
func TestRevisionsThatWouldBeginAfterLaterOnes(t *testing.T) {
	t.Parallel()
	job := uuid.New()
	l := newLine([]*Revision{
		{Job: job, Number: 3, From: noon.Add(10 * time.Second), Schedule: every(5 * time.Second)},
		{Job: job, Number: 2, From: noon.Add(20 * time.Second), Schedule: every(time.Second)},
		{Job: job, Number: 1, From: noon, Schedule: every(10 * time.Second)},
	}, nil)
	var numbers []int64
	for _, r := range l.fires(noon, noon.Add(22*time.Second)) {
		numbers = append(numbers, r.Number)
	}
	if !slices.Equal(numbers, []int64{1, 3, 3, 3}) {
		t.Error(numbers)
	}
}
