package system

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/google/uuid"
)

// editor makes and changes jobs of its own at random. The path of a job's target
// is another one in each edit, so that the target knows which one called.
type editor struct {
	*client.Client
	random       *rand.Rand
	name, target string
	live         []uuid.UUID
	made         []uuid.UUID // the live ones and the deleted ones
	edits        int
}

// begin makes the first jobs.
func (e *editor) begin(ctx context.Context, jobs int) error {
	for range jobs {
		if err := e.create(ctx); err != nil {
			return err
		}
	}
	return nil
}

// work makes a change at every tick until stop is closed.
func (e *editor) work(ctx context.Context, every time.Duration, stop <-chan struct{}) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return nil
		case <-tick.C:
		}
		if err := e.change(ctx); err != nil {
			return err
		}
	}
}

func (e *editor) change(ctx context.Context) error {
	e.edits++
	i := e.random.IntN(len(e.live))
	path := "/jobs/" + e.live[i].String()
	switch n := e.random.IntN(20); {
	case n < 7:
		return e.Do(ctx, "PATCH", path, map[string]any{"target": map[string]any{"url": e.url()}}, nil)
	case n < 12:
		return e.Do(ctx, "PATCH", path, map[string]any{"schedule": e.schedule(), "target": map[string]any{"url": e.url()}}, nil)
	case n < 14:
		return e.Do(ctx, "POST", path+"/pause", nil, nil)
	case n < 18:
		return e.Do(ctx, "POST", path+"/resume", nil, nil)
	case n < 19 && len(e.live) > 1:
		e.live = append(e.live[:i], e.live[i+1:]...)
		return e.Do(ctx, "DELETE", path, nil, nil)
	default:
		return e.create(ctx)
	}
}

func (e *editor) create(ctx context.Context) error {
	doc := carillon.Document{
		Name: fmt.Sprintf("%s-%d", e.name, len(e.made)), Schedule: e.schedule(), Target: carillon.Target{URL: e.url()},
		Overlap: carillon.OverlapAllow, CatchUp: carillon.CatchUp{Policy: carillon.CatchUpAll},
	}
	var job carillon.Job
	err := e.Do(ctx, "POST", "/jobs", doc, &job)
	e.live, e.made = append(e.live, job.ID), append(e.made, job.ID)
	return err
}

// schedule is every second, mostly.
func (e *editor) schedule() schedule.Spec {
	return schedule.Spec{Every: schedule.Duration(max(1, e.random.IntN(6)-2)) * schedule.Duration(time.Second)}
}

// url is one that no job had before.
func (e *editor) url() string {
	return fmt.Sprintf("%s/%s/%d/%d", e.target, e.name, e.edits, len(e.made))
}
