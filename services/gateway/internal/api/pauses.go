package api

import (
	"context"
	"net/http"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/services/gateway/internal/pausestore"
	"github.com/carillon-cron/carillon/shared/fault"
)

// routePauses asks for the role of those who pause single jobs and queues, also
// for everything: who is on call must be able to stop all that calls a target that
// is on fire. It undoes nothing, and the audit log says who it was and why.
func (a *API) routePauses() {
	pause := operation(http.MethodPost, "/pause", "pause", pausesTag, "Pause a namespace, or everything")
	pause.Description = "Without a body, or without a namespace in it: everything. While a namespace is paused none of its jobs fires, " +
		"also those that come later; time for which it was paused is not missed time. " +
		"Runs that are under way, in their queues or waiting for a retry go on, and jobs can be run by hand. " +
		"Pausing what is paused changes nothing, not the reason either."
	pause.RequestBody = optional(bodyOf(a, pauseRequest{Namespace: "billing", Reason: "the target is being moved"}))
	register(a, keyring.Operator, pause, a.setPause(true))

	resume := operation(http.MethodPost, "/resume", "resume", pausesTag, "Resume a namespace, or everything")
	resume.Description = "Without a body, or without a namespace in it: everything, but for namespaces and jobs that are paused themselves. " +
		"Jobs of a namespace do not fire while everything is paused."
	resume.RequestBody = optional(bodyOf(a, pauseRequest{Namespace: "billing"}))
	register(a, keyring.Operator, resume, a.setPause(false))

	register(a, keyring.Viewer, operation(http.MethodGet, "/pauses", "list-pauses", pausesTag, "List what is paused"), a.listPauses)
}

// pauseRequest is the optional body of a pause. A namespace that is empty or null is
// refused: who has no name by mistake shall not stop everything.
type pauseRequest struct {
	Namespace string `json:"namespace,omitempty" pattern:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" patternDescription:"1 to 63 lower-case letters, digits or '-'" doc:"The namespace that is meant; everything if it is left out. It need not have jobs yet."`
	Reason    string `json:"reason,omitempty" maxLength:"500" doc:"Why, for those who wonder later."`
}

func (a *API) setPause(paused bool) func(context.Context, *struct{ payload }) (*answer[pausestore.Pause], error) {
	return func(ctx context.Context, in *struct{ payload }) (*answer[pausestore.Pause], error) {
		wanted, err := a.readPause(&in.payload)
		if err != nil {
			return nil, err
		}
		return answerWith(a.Pauses.Set(ctx, pausestore.Change{
			Namespace: wanted.Namespace, Paused: paused, Actor: actor(ctx), Reason: wanted.Reason,
		}))
	}
}

func (a *API) readPause(p *payload) (pauseRequest, error) {
	if len(p.bytes) == 0 {
		return pauseRequest{}, nil
	}
	tree, err := p.parse()
	if err != nil {
		return pauseRequest{}, err
	}
	return read(a, tree, func(*pauseRequest) error {
		fields, _ := tree.(map[string]any)
		if name, given := fields["namespace"]; given && name == nil {
			return fault.Faults{{Field: "namespace", Message: "must be a name; leave it out to mean everything"}}
		}
		return nil
	})
}

func (a *API) listPauses(ctx context.Context, _ *struct{}) (*answer[page[pausestore.Pause]], error) {
	states, err := a.Pauses.List(ctx)
	return answerWith(page[pausestore.Pause]{Items: states}, err)
}
