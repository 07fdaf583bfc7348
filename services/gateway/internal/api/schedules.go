package api

import (
	"context"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/carillon-cron/carillon/shared/schedule"
)

const (
	defaultFires = 10
	maxFires     = 100
)

func (a *API) routeSchedules() {
	preview := operation(http.MethodPost, "/schedules/preview", "preview-schedule", schedulesTag, "Say when a schedule fires")
	preview.Description = "By the engine that the planner uses. Nothing is stored."
	preview.RequestBody = bodyOf(a, previewRequest{Schedule: exampleDocument().Schedule, Count: 3})
	register(a, keyring.Viewer, preview, a.previewSchedule)

	register(a, keyring.Viewer, operation(http.MethodGet, "/jobs/{id}/fires", "list-fires", schedulesTag,
		"Say when a job fires next", http.StatusNotFound), a.listFires)
}

type previewRequest struct {
	Schedule schedule.Spec `json:"schedule"`
	From     *time.Time    `json:"from,omitempty" doc:"Only fires after this instant; now by default."`
	Count    int           `json:"count,omitempty" minimum:"1" maximum:"100" doc:"How many fires; 10 by default." example:"3"`
}

type fires struct {
	Fires       []time.Time `json:"fires" doc:"The next fire times, in UTC. Fewer than asked for if the schedule ends."`
	Description string      `json:"description" doc:"The schedule in words."`
	Warnings    []string    `json:"warnings" doc:"What may surprise, such as fires that a change of the clocks moves."`
}

func (a *API) previewSchedule(_ context.Context, in *struct{ payload }) (*answer[fires], error) {
	var compiled *schedule.Schedule
	request, err := document(a, &in.payload, func(r *previewRequest) (err error) {
		var faults fault.Faults
		compiled, err = r.Schedule.Compile("preview")
		faults.Nest("schedule", err)
		return faults.Err()
	})
	if err != nil {
		return nil, err
	}
	from, count := time.Now(), defaultFires
	if request.From != nil {
		from = *request.From
	}
	if request.Count != 0 {
		count = request.Count
	}
	return &answer[fires]{firesOf(compiled, from, count)}, nil
}

type firesFilter struct {
	JobPath
	Count int `query:"count" minimum:"1" maximum:"100" default:"10" doc:"How many fires."`
}

// listFires begins where the job's present revision does. A paused job's fires
// are those that it would have.
func (a *API) listFires(ctx context.Context, in *firesFilter) (*answer[fires], error) {
	job, err := a.Jobs.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	compiled, err := job.Schedule.Compile(job.ID.String())
	if err != nil {
		return nil, err
	}
	from := time.Now()
	if from.Before(job.EffectiveFrom) {
		from = job.EffectiveFrom.Add(-1)
	}
	return &answer[fires]{firesOf(compiled, from, in.Count)}, nil
}

func firesOf(s *schedule.Schedule, from time.Time, count int) fires {
	next := make([]time.Time, 0, count)
	for at, ok := s.Next(from); ok && len(next) < count; at, ok = s.Next(at) {
		next = append(next, at)
	}
	return fires{Fires: next, Description: s.Describe(), Warnings: append([]string{}, s.Warnings(from)...)}
}
