package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/schedule"
)

// jobs is how many the review's system broke at.
const jobs = 200

// headStart is how long after the loading the first herd comes: long enough to
// load, short enough to wait for.
const headStart = 10 * time.Second

// ensureJobs loads the example jobs, if there are no jobs at all, and reports
// whether it did.
func ensureJobs(ctx context.Context, api *client.Client, address string) (loaded bool, err error) {
	var page struct {
		Items []carillon.Job `json:"items"`
	}
	if err := api.Do(ctx, "GET", "/jobs?limit=1", nil, &page); err != nil || len(page.Items) > 0 {
		return false, err
	}
	second := time.Now().Add(headStart).Second()
	for i := range jobs {
		if err := api.Do(ctx, "POST", "/jobs", example(i, second, address), nil); err != nil {
			return false, fmt.Errorf("load example job %d: %w", i, err)
		}
	}
	return true, nil
}

// example is the i-th job: due at the given second of every minute.
func example(i, second int, address string) carillon.Document {
	return carillon.Document{
		Name:     fmt.Sprintf("demo-%03d", i+1),
		Labels:   map[string]string{"app": "demo"},
		Schedule: schedule.Spec{Cron: fmt.Sprintf("%d * * * * *", second)},
		Target:   carillon.Target{Method: "POST", URL: fmt.Sprintf("http://%s/work/%d", address, i+1)},
	}
}
