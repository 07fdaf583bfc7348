package gateway

import (
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/go-cmp/cmp"
)

func TestARateAndHostsOfAQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	settings := object{"concurrency": 5, "rate": object{"limit": 20, "per": "second"}, "hosts": []string{"api.example.com", "*.example.com:8443"}}
	want := carillon.Queue{
		Name: "api", Concurrency: 5, Weight: 1, Rate: &carillon.Rate{Limit: 20, Per: carillon.PerSecond, Burst: 2},
		Hosts: []carillon.Host{"api.example.com", "*.example.com:8443"},
	}
	check := func(got carillon.Queue) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		w.publishedQueue(t, "api", &want)
	}
	check(into[carillon.Queue](t, w.call(t, "PUT", "/api/v1/queues/api", settings), 200))
	want.Paused = true
	check(into[carillon.Queue](t, w.call(t, "POST", "/api/v1/queues/api/pause", nil), 200))
	items := into[struct{ Items []carillon.Queue }](t, w.call(t, "GET", "/api/v1/queues", nil), 200).Items
	if i := slices.IndexFunc(items, func(q carillon.Queue) bool { return q.Name == "api" }); i < 0 || !items[i].Equal(want) {
		t.Errorf("listed as %+v", items)
	}
	settings["rate"] = object{"limit": 3600, "per": "hour", "burst": 10}
	want.Rate = &carillon.Rate{Limit: 3600, Per: carillon.PerHour, Burst: 10}
	check(into[carillon.Queue](t, w.call(t, "PUT", "/api/v1/queues/api", settings), 200))
	want.Rate, want.Hosts = nil, nil
	check(into[carillon.Queue](t, w.call(t, "PUT", "/api/v1/queues/api", object{"concurrency": 5}), 200))
	if n := w.count(t, "SELECT count(*) FROM audit_log WHERE object = 'queue/api'"); n != 4 {
		t.Errorf("%d lines in the audit log", n)
	}
	into[carillon.Queue](t, w.call(t, "PUT", "/api/v1/queues/api", object{"concurrency": 5}), 200)
	if n := w.count(t, "SELECT count(*) FROM audit_log WHERE object = 'queue/api'"); n != 4 {
		t.Errorf("%d lines in the audit log after no change", n)
	}
}

func TestBadQueuesAreRefusedAndNameEveryFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		body object
		want []string
	}{
		"rate": {object{"concurrency": 1, "rate": object{"limit": 0, "per": "day", "burst": -1}}, []string{"body.rate.burst", "body.rate.limit", "body.rate.per"}},
		"half": {object{"concurrency": 1, "rate": object{"per": "hour"}}, []string{"body.rate.limit"}},
		"both": {object{"concurrency": 0, "hosts": []string{"a", "A", "a"}}, []string{"body.concurrency", "body.hosts[1]", "body.hosts[2]"}},
		"form": {object{"concurrency": 1, "hosts": "a", "rate": 5}, []string{"body.hosts", "body.rate"}},
	} {
		got := intoProblem(t, w.call(t, "PUT", "/api/v1/queues/fresh", c.body), 422).locations()
		if slices.Sort(got); !slices.Equal(got, c.want) {
			t.Errorf("%s: faults at %v, want %v", name, got, c.want)
		}
	}
	p := intoProblem(t, w.call(t, "PUT", "/api/v1/queues/default", object{"concurrency": 1, "hosts": []string{"a"}}), 422)
	if !slices.Equal(p.locations(), []string{"body.hosts"}) {
		t.Errorf("default: faults at %v", p.locations())
	}
	if n := w.count(t, "SELECT count(*) FROM queues"); n != 3 {
		t.Errorf("%d queues", n)
	}
}

// No two queues have a host in common, also if they are made at once.
func TestAHostBelongsToOneQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	put := func(name string, hosts ...string) problem {
		response := w.call(t, "PUT", "/api/v1/queues/"+name, object{"concurrency": 1, "hosts": hosts})
		if response.status == http.StatusOK {
			into[carillon.Queue](t, response, 200)
			return problem{}
		}
		return intoProblem(t, response, 422)
	}
	put("first", "a.example.com", "b.example.com")
	p := put("second", "c.example.com", "b.example.com", "a.example.com")
	got := p.locations()
	if slices.Sort(got); !slices.Equal(got, []string{"body.hosts[1]", "body.hosts[2]"}) {
		t.Errorf("faults %+v", p.Errors)
	}
	put("first", "a.example.com")
	if p := put("second", "b.example.com", "*.example.com"); len(p.Errors) > 0 {
		t.Errorf("a host that was given up: %+v", p)
	}
	var all sync.WaitGroup
	for _, name := range []string{"p", "q", "r", "s", "t", "u"} {
		all.Go(func() { put(name, "wanted.example.com", name+".example.com") })
	}
	all.Wait()
	if n := w.count(t, "SELECT count(*) FROM queues WHERE 'wanted.example.com' = ANY(hosts)"); n != 1 {
		t.Errorf("%d queues have the host", n)
	}
}

// A run by hand goes where the planner's runs go.
func TestARunByHandGoesToTheQueueOfItsHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	into[carillon.Queue](t, w.call(t, "PUT", "/api/v1/queues/api", object{"concurrency": 1, "hosts": []string{"example.com"}}), 200)
	d := document("by-hand")
	d["deadline"] = "5m"
	job := w.create(t, d)
	if job.Queue != carillon.DefaultQueue {
		t.Errorf("stored in queue %s", job.Queue)
	}
	if got := into[struct{ Queue string }](t, w.call(t, "POST", "/api/v1/jobs/"+job.ID.String()+"/run", nil), http.StatusAccepted); got.Queue != "api" {
		t.Errorf("queued in %s", got.Queue)
	}
	runs, err := w.js.Stream(t.Context(), topology.RunsStream)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := runs.GetLastMsgForSubject(t.Context(), topology.Ready(job.ID, "api"))
	if err != nil {
		t.Fatal(err)
	}
	if call := mustCall(t, msg.Data); call.Queue != "api" || call.Deadline.String() != "5m" {
		t.Errorf("call %+v", call)
	}
	p := intoProblem(t, w.call(t, "DELETE", "/api/v1/queues/api", nil), http.StatusConflict)
	if p.Detail != "runs are in the queue: 1" {
		t.Error(p.Detail)
	}
}

// A forecast counts fires where they will run.
func TestAForecastKnowsTheQueueOfAHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	into[carillon.Queue](t, w.call(t, "PUT", "/api/v1/queues/api", object{"concurrency": 1, "hosts": []string{"example.com"}}), 200)
	w.create(t, document("hourly"))
	type forecast struct{ Queues []struct{ Queue string } }
	got := into[forecast](t, w.call(t, "GET", "/api/v1/forecast?hours=2", nil), 200)
	if len(got.Queues) != 1 || got.Queues[0].Queue != "api" {
		t.Errorf("fires in %+v", got.Queues)
	}
}

func mustCall(t *testing.T, data []byte) wire.Call {
	t.Helper()
	call, err := wire.Decode[wire.Call](data)
	if err != nil {
		t.Fatal(err)
	}
	return call
}
