package plan

import (
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// Runs go to the queue of their host, by the rules as they are when their fire is
// decided; so do those of backfills.
func TestRunsGoToTheQueueOfTheirHost(t *testing.T) {
	t.Parallel()
	api := carillon.Queue{Name: "api", Hosts: []carillon.Host{"api.example.com"}}
	for name, c := range map[string]struct {
		own, url    string
		rules       []carillon.Queue
		queue, fill string
	}{
		"no rules":              {"default", "http://api.example.com/", nil, "default", "low"},
		"its host":              {"default", "http://api.example.com/", []carillon.Queue{api}, "api", "api"},
		"another host":          {"default", "http://www.example.com/", []carillon.Queue{api}, "default", "low"},
		"a queue by name":       {"reports", "http://api.example.com/", []carillon.Queue{api}, "reports", "low"},
		"a rule that is gone":   {"default", "http://api.example.com/", []carillon.Queue{api, {Name: "api"}}, "default", "low"},
		"a rule that has moved": {"default", "http://api.example.com/", []carillon.Queue{api, {Name: "api"}, {Name: "b", Hosts: api.Hosts}}, "b", "b"},
	} {
		a, marks := ownedAgenda()
		id := carillon.NewJobID()
		r := revision(t, id, func(d *carillon.Document) {
			d.Queue, d.Target.URL, d.Deadline = c.own, c.url, carillon.Duration(time.Minute)
		})
		a.Apply(id, r, 1)
		for i, queue := range c.rules {
			a.DefineQueue(queue, uint64(i+2))
		}
		if seen := uint64(len(c.rules) + 1); a.Seen() != seen {
			t.Errorf("%s: seen %d, want %d", name, a.Seen(), seen)
		}
		d := Collect(a, noon, marks, nil).Decisions[0]
		call, err := wire.Decode[wire.Call](d.Call(d.Queue()))
		if err != nil || d.Queue() != c.queue || call.Queue != c.queue || call.Target.URL != c.url || call.Deadline != carillon.Duration(time.Minute) {
			t.Errorf("%s: in queue %s, call %+v, %v; want %s", name, d.Queue(), call, err, c.queue)
		}
		gap := Gap{Fire: agenda.Fire{At: noon, Job: id, Revision: r}, Backfill: uuid.New(), Done: 1}
		if d := Fill(a, marks, []Gap{gap}).Decisions[0]; d.Queue() != c.fill {
			t.Errorf("%s: a backfill is in queue %s, want %s", name, d.Queue(), c.fill)
		}
	}
}
