package api

import (
	"context"
	"net/http"
	"time"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/pausestore"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/carillon-cron/carillon/shared/preview"
	"github.com/carillon-cron/carillon/shared/schedule"
)

const defaultFires = 10

func (a *API) routeSchedules() {
	op := operation(http.MethodPost, "/schedules/preview", "preview-schedule", schedulesTag, "Say when a schedule fires")
	op.Description = "By the engine that the planner uses. Nothing is stored."
	op.RequestBody = bodyOf(a, previewRequest{Schedule: exampleDocument().Schedule, Count: 3})
	register(a, keyring.Viewer, op, a.previewSchedule)

	op = operation(http.MethodGet, "/jobs/{id}/fires", "list-fires", schedulesTag, "Say when a job fires", http.StatusNotFound)
	op.Description = "By its present schedule, paused or not; the warnings say so if the job, its namespace or everything is paused. " +
		"What became of earlier fires is in the runs."
	register(a, keyring.Viewer, op, a.listFires)
}

// The bounds here and in [firesFilter] keep a request short, whatever the schedule.
type previewRequest struct {
	Schedule schedule.Spec `json:"schedule"`
	JobID    string        `json:"job_id,omitempty" maxLength:"100" doc:"Id of the job whose H and spread to show; some job's by default."`
	From     *time.Time    `json:"from,omitempty" doc:"The instant to look from; now by default."`
	Count    int           `json:"count,omitempty" minimum:"1" maximum:"100" doc:"How many fires after it; 10 by default." example:"3"`
	Previous int           `json:"previous,omitempty" minimum:"0" maximum:"100" doc:"How many fires up to it; none by default."`
}

func (a *API) previewSchedule(_ context.Context, in *struct{ payload }) (*answer[preview.Preview], error) {
	var compiled *schedule.Schedule
	request, err := document(a, &in.payload, func(r *previewRequest) (err error) {
		var faults fault.Faults
		compiled, err = r.Schedule.Compile(preview.Seed(r.JobID))
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
	return &answer[preview.Preview]{preview.Of(compiled, from, count, request.Previous)}, nil
}

type firesFilter struct {
	JobPath
	Count    int `query:"count" minimum:"1" maximum:"100" default:"10" doc:"How many fires to come."`
	Previous int `query:"previous" minimum:"0" maximum:"100" default:"0" doc:"How many fires before those."`
}

// listFires begins where the job's present revision does.
func (a *API) listFires(ctx context.Context, in *firesFilter) (*answer[preview.Preview], error) {
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
	shown := preview.Of(compiled, from, in.Count, in.Previous)
	pauses, err := a.Pauses.Holding(ctx, job.Namespace)
	shown.Warnings = append(pausedWarnings(job, pauses), shown.Warnings...)
	return answerWith(shown, err)
}

// pausedWarnings says what keeps a job from firing.
func pausedWarnings(job carillon.Job, pauses []pausestore.Pause) []string {
	warnings := []string{}
	for _, pause := range pauses {
		what := "everything"
		if pause.Namespace != "" {
			what = "the namespace " + pause.Namespace
		}
		warnings = append(warnings, what+" is paused: the job does not fire until that is resumed")
	}
	if job.Paused {
		warnings = append(warnings, "the job is paused: it does not fire until it is resumed")
	}
	return warnings
}
