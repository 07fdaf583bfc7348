package system

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

// run is a row of the ledger, as the API shows it.
type run struct {
	ID         uuid.UUID      `json:"id"`
	JobID      uuid.UUID      `json:"job_id"`
	FireTime   time.Time      `json:"fire_time"`
	Kind       carillon.Kind  `json:"kind"`
	State      carillon.State `json:"state"`
	Reason     string         `json:"reason"`
	Attempts   int            `json:"attempts"`
	PlannedAt  time.Time      `json:"planned_at"`
	StartedAt  time.Time      `json:"started_at"`
	FinishedAt time.Time      `json:"finished_at"`
}

// runs returns every run that matches a query, page by page.
func (s *system) runs(t *testing.T, query string) []run {
	t.Helper()
	var all []run
	for cursor := ""; ; {
		var page struct {
			Items      []run  `json:"items"`
			NextCursor string `json:"next_cursor"`
		}
		if err := s.Do(t.Context(), "GET", "/runs?limit=500&cursor="+url.QueryEscape(cursor)+"&"+query, nil, &page); err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Items...)
		if cursor = page.NextCursor; cursor == "" {
			return all
		}
	}
}

// create makes a job and returns it as the server answers it.
func (s *system) create(t *testing.T, doc carillon.Document) carillon.Job {
	t.Helper()
	var job carillon.Job
	if err := s.Do(t.Context(), "POST", "/jobs", doc, &job); err != nil {
		t.Fatal(err)
	}
	return job
}

// createHerd makes n jobs that are all due once, at the same instant.
func (s *system) createHerd(t *testing.T, n int, at time.Time, target string) {
	t.Helper()
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(8)
	for i := range n {
		group.Go(func() error {
			return s.Do(ctx, "POST", "/jobs", carillon.Document{
				Name: fmt.Sprintf("herd-%04d", i), Schedule: schedule.Spec{At: &at},
				Target: carillon.Target{URL: target},
			}, nil)
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if left := time.Until(at); left < 0 {
		t.Fatalf("the herd was due %s before it was made: the machine is too slow for this test", -left)
	}
}
