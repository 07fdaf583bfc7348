package api

import (
	"cmp"
	"context"
	"net/http"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
)

// QueuePath is the input of a route to one queue.
type QueuePath struct {
	Name string `path:"name" pattern:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" patternDescription:"1 to 63 lower-case letters, digits or '-'" doc:"Name of the queue."`
}

// queueSettings is the body of a PUT. Its name is that of the path.
type queueSettings struct {
	Name        string `json:"name,omitempty" doc:"The same as in the path, if given." example:"reports"`
	Concurrency int    `json:"concurrency" doc:"Most calls at once, over all runners." minimum:"1" maximum:"10000" example:"50"`
	Weight      int    `json:"weight,omitempty" doc:"Share of each runner's slots, relative to the other queues; by default what it is, or 1." minimum:"1" maximum:"1000" example:"3"`
	Paused      bool   `json:"paused,omitempty" doc:"Whether a new queue begins paused. A queue that is there stays as it is: use pause and resume."`

	Rate  *carillon.Rate  `json:"rate,omitempty" doc:"How many calls begin in a span of time, over all runners; no limit if it is left out."`
	Hosts []carillon.Host `json:"hosts,omitempty" doc:"Hosts whose calls belong here: jobs of the queue default that call one of them run in this queue. A rule is a host, or *. and what follows; with a port or for all of them. The exact rule comes before the longest with a star. No two queues have the same; none if it is left out." maxItems:"100" example:"[\"api.example.com\",\"*.example.org\"]"`
}

// queue is the queue of a name with these settings.
func (s queueSettings) queue(name string) carillon.Queue {
	queue := carillon.Queue{Name: name, Concurrency: s.Concurrency, Weight: s.Weight, Paused: s.Paused, Hosts: s.Hosts}
	if s.Rate != nil {
		rate := s.Rate.WithDefaults()
		queue.Rate = &rate
	}
	return queue
}

func (a *API) routeQueues() {
	register(a, keyring.Viewer, operation(http.MethodGet, "/queues", "list-queues", queuesTag, "List queues"), a.listQueues)

	put := operation(http.MethodPut, "/queues/{name}", "put-queue", queuesTag, "Create or change a queue")
	put.RequestBody = bodyOf(a, queueSettings{
		Concurrency: 50, Weight: 3, Rate: &carillon.Rate{Limit: 20, Per: carillon.PerSecond, Burst: 2}, Hosts: []carillon.Host{"api.example.com"},
	})
	put.Description = "At once, over all runners. A rate that is new or changed holds once every runner has heard of it, within some seconds."
	register(a, keyring.Admin, put, a.putQueue)

	remove := operation(http.MethodDelete, "/queues/{name}", "delete-queue", queuesTag, "Delete a queue", http.StatusNotFound, http.StatusConflict)
	remove.Description = "Refused while jobs use it or runs are in it. The queues default and low stay."
	register(a, keyring.Admin, remove, a.deleteQueue)

	pause := operation(http.MethodPost, "/queues/{name}/pause", "pause-queue", queuesTag, "Start no more calls from a queue", http.StatusNotFound)
	register(a, keyring.Operator, pause, a.setQueuePaused(true))
	resume := operation(http.MethodPost, "/queues/{name}/resume", "resume-queue", queuesTag, "Resume a paused queue", http.StatusNotFound)
	register(a, keyring.Operator, resume, a.setQueuePaused(false))
}

func (a *API) listQueues(ctx context.Context, _ *struct{}) (*answer[page[carillon.Queue]], error) {
	queues, err := a.Queues.List(ctx)
	return answerWith(page[carillon.Queue]{Items: queues}, err)
}

type queueBody struct {
	QueuePath
	payload
}

func (a *API) putQueue(ctx context.Context, in *queueBody) (*answer[carillon.Queue], error) {
	settings, err := document(a, &in.payload, func(s *queueSettings) error {
		if s.Name != "" && s.Name != in.Name {
			return fault.Faults{{Field: "name", Message: "differs from the name in the path"}}
		}
		complete := s.queue(in.Name)
		complete.Weight = cmp.Or(complete.Weight, 1) // for now: the store knows better
		return complete.Validate()
	})
	if err != nil {
		return nil, err
	}
	return answerWith(a.Queues.Put(ctx, actor(ctx), settings.queue(in.Name)))
}

func (a *API) deleteQueue(ctx context.Context, in *QueuePath) (*struct{}, error) {
	inFlight, err := a.InFlight.InQueue(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return nil, a.Queues.Delete(ctx, actor(ctx), in.Name, inFlight)
}

func (a *API) setQueuePaused(paused bool) func(context.Context, *QueuePath) (*answer[carillon.Queue], error) {
	return func(ctx context.Context, in *QueuePath) (*answer[carillon.Queue], error) {
		return answerWith(a.Queues.SetPaused(ctx, actor(ctx), in.Name, paused))
	}
}
