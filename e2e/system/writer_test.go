package system

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/google/uuid"
)

// writer makes and changes jobs of its own through gateways that may die in the
// middle, and remembers what was accepted. What got no answer may have been, too.
type writer struct {
	gateways []*client.Client
	random   *rand.Rand
	name     string
	target   string
	live     []uuid.UUID
	made     int
	accepted map[change]string // the address that the revision calls
	deleted  []uuid.UUID
	lost     int // changes without an answer
}

// change is a revision of a job.
type change struct {
	job      uuid.UUID
	revision int64
}

// work makes a change at every tick until stop is closed.
func (w *writer) work(ctx context.Context, every time.Duration, stop <-chan struct{}) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return nil
		case <-tick.C:
		}
		if err := w.change(ctx); err != nil {
			return err
		}
	}
}

func (w *writer) change(ctx context.Context) error {
	if w.made++; len(w.live) < 8 {
		return w.create(ctx)
	}
	i := w.random.IntN(len(w.live))
	job, path := w.live[i], "/jobs/"+w.live[i].String()
	switch n := w.random.IntN(20); {
	case n < 12:
		return w.edit(ctx, "PATCH", path, map[string]any{"target": map[string]any{"url": w.url()}})
	case n < 15:
		return w.edit(ctx, "POST", path+"/pause", nil)
	case n < 19:
		return w.edit(ctx, "POST", path+"/resume", nil)
	default:
		w.live = slices.Delete(w.live, i, i+1) // whatever comes of it
		answered, err := w.ask(ctx, "DELETE", path, nil, nil)
		if answered {
			w.deleted = append(w.deleted, job)
		}
		return err
	}
}

func (w *writer) create(ctx context.Context) error {
	doc := carillon.Document{
		Name: fmt.Sprintf("%s-%d", w.name, w.made), Schedule: schedule.Spec{Every: schedule.Duration(time.Second)}, Target: carillon.Target{URL: w.url()},
		Overlap: carillon.OverlapAllow, CatchUp: carillon.CatchUp{Policy: carillon.CatchUpAll},
	}
	var job carillon.Job
	answered, err := w.ask(ctx, "POST", "/jobs", doc, &job)
	if answered {
		w.live = append(w.live, job.ID)
		w.accepted[change{job.ID, job.Revision}] = job.Target.URL
	}
	return err
}

func (w *writer) edit(ctx context.Context, method, path string, body any) error {
	var job carillon.Job
	answered, err := w.ask(ctx, method, path, body, &job)
	if answered {
		w.accepted[change{job.ID, job.Revision}] = job.Target.URL
	}
	return err
}

// ask asks any of the gateways. It fails if one refuses; that none answers, or that
// one is not ready, is no failure.
func (w *writer) ask(ctx context.Context, method, path string, body, into any) (answered bool, err error) {
	err = w.gateways[w.random.IntN(len(w.gateways))].Do(ctx, method, path, body, into)
	var problem *client.Problem
	if errors.As(err, &problem) && problem.Status < http.StatusInternalServerError {
		return false, err
	}
	if err != nil {
		w.lost++
	}
	return err == nil, nil
}

// url is one that no job had before.
func (w *writer) url() string { return fmt.Sprintf("%s/%s/%d", w.target, w.name, w.made) }

// acceptedByAll is what gateways have accepted of all writers.
func acceptedByAll(all []*writer) (accepted map[change]string, deleted []uuid.UUID, lost int) {
	accepted = map[change]string{}
	for _, w := range all {
		maps.Copy(accepted, w.accepted)
		deleted, lost = append(deleted, w.deleted...), lost+w.lost
	}
	return accepted, deleted, lost
}
