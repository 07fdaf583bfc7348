package agenda

import (
	"maps"
	"slices"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
)

// routing is the queues that have rules for hosts, and what follows from them.
type routing struct {
	queues map[string]carillon.Queue
	routes carillon.Routes
}

// DefineQueue takes in a queue that stands at a sequence in JOBS: of one that is
// deleted, only its name. Its rules hold for every fire that is decided from now on.
func (a *Agenda) DefineQueue(queue carillon.Queue, sequence uint64) {
	a.Know(sequence)
	_, had := a.routing.queues[queue.Name]
	switch {
	case len(queue.Hosts) > 0:
		a.routing.queues[queue.Name] = queue
	case had:
		delete(a.routing.queues, queue.Name)
	default:
		return
	}
	a.routing.routes = carillon.RoutesOf(slices.Collect(maps.Values(a.routing.queues)))
}

// Queue is the queue of a revision's runs: its own, or that of the host it calls.
func (a *Agenda) Queue(r *Revision) string {
	if r.Queue != carillon.DefaultQueue || a.routing.routes.Empty() {
		return r.Queue // without a look at the target
	}
	return a.routing.routes.Queue(r.Queue, wire.Address(r.target))
}
