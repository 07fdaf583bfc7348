package gateway

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/preview"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

const previewPath = "/api/v1/schedules/preview"

// previewOf asks for a preview that there must be.
func (w *world) previewOf(t *testing.T, request object) preview.Preview {
	t.Helper()
	return into[preview.Preview](t, w.call(t, "POST", previewPath, request), 200)
}

func hours(first time.Time, n int) []time.Time {
	all := make([]time.Time, n)
	for i := range all {
		all[i] = first.Add(time.Duration(i) * time.Hour)
	}
	return all
}

func TestPreviewOfASchedule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := time.Date(2026, 1, 1, 1, 0, 0, 0, time.UTC)
	request := object{"schedule": object{"every": "1h"}, "from": "2026-01-01T00:30:00Z", "count": 3}
	got := w.previewOf(t, request)
	want := preview.Preview{Fires: hours(first, 3), Timezone: "UTC", Description: got.Description, Warnings: []string{}}
	if diff := cmp.Diff(want, got); diff != "" || got.Description == "" {
		t.Error(diff)
	}
	request["previous"] = 2
	want.Previous = hours(first.Add(-2*time.Hour), 2)
	if diff := cmp.Diff(want, w.previewOf(t, request)); diff != "" {
		t.Error(diff)
	}
	request["schedule"] = object{"cron": "CRON_TZ=Europe/Berlin 0 * * * *", "blackouts": []object{
		{"cron": "30 0 * * *", "duration": "1h30m", "policy": "defer"},
	}}
	got = w.previewOf(t, request)
	if got.Timezone != "Europe/Berlin" || len(got.Fires) != 3 || len(got.Previous) != 2 || len(got.Moved) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestPreviewOfAJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	spec := object{"cron": "H H * * *", "spread": "30m"}
	job := w.create(t, with(object{"schedule": spec}))
	path := "/api/v1/jobs/" + job.ID.String() + "/fires"
	fires := into[preview.Preview](t, w.call(t, "GET", path+"?count=5&previous=2", nil), 200)
	if len(fires.Fires) != 5 || fires.Fires[0].Before(job.EffectiveFrom) || len(fires.Previous) != 2 || len(fires.Moved) != 7 {
		t.Errorf("%+v", fires)
	}
	request := object{"schedule": spec, "from": fires.Previous[1], "count": 5, "previous": 2, "job_id": strings.ToUpper(job.ID.String())}
	if diff := cmp.Diff(fires.Fires, w.previewOf(t, request).Fires); diff != "" {
		t.Error("the job's own preview differs", diff)
	}
	delete(request, "job_id")
	if slices.EqualFunc(fires.Fires, w.previewOf(t, request).Fires, time.Time.Equal) {
		t.Error("H and spread are the same without the job's id")
	}
	intoProblem(t, w.call(t, "GET", "/api/v1/jobs/"+uuid.NewString()+"/fires", nil), 404)
	for _, query := range []string{"count=0", "count=101", "count=1e3", "previous=-1", "previous=101", "previous=all"} {
		name, _, _ := strings.Cut(query, "=")
		p := intoProblem(t, w.call(t, "GET", path+"?"+query, nil), 422)
		if !slices.Contains(p.locations(), "query."+name) {
			t.Errorf("%s: %+v", query, p)
		}
	}
}

func TestBadPreviewsNameEveryFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hourly := object{"every": "1h"}
	for name, test := range map[string]struct {
		body   any
		status int
		want   []string
	}{
		"nothing":         {"{}", 422, []string{"body.schedule"}},
		"a list":          {"[]", 422, []string{"body"}},
		"malformed":       {"{", 400, []string{"body"}},
		"huge counts":     {object{"schedule": hourly, "count": 101, "previous": 1e18}, 422, []string{"body.count", "body.previous"}},
		"negative counts": {object{"schedule": hourly, "count": -1, "previous": -1}, 422, []string{"body.count", "body.previous"}},
		"fractions":       {object{"schedule": hourly, "count": 1.5, "previous": 0.5}, 422, []string{"body.count", "body.previous"}},
		"number over all": {`{"schedule": {"every": "1h"}, "count": 1e999}`, 422, []string{"body.count"}},
		"wrong types": {object{"schedule": "daily", "count": "3", "previous": true, "from": 7, "job_id": []int{1}}, 422,
			[]string{"body.count", "body.from", "body.job_id", "body.previous", "body.schedule"}},
		"form and meaning": {object{"schedule": object{"cron": "x", "timezone": "Mars/Olympus"}, "count": 101, "from": "soon"}, 422,
			[]string{"body.count", "body.from", "body.schedule.cron", "body.schedule.timezone"}},
		"unknown fields":      {object{"schedule": object{"every": "1h", "spred": "1m"}, "seed": "x"}, 422, []string{"body.schedule.spred", "body.seed"}},
		"year 10000":          {object{"schedule": hourly, "from": "10000-01-01T00:00:00Z"}, 422, []string{"body.from"}},
		"job_id of 101":       {object{"schedule": hourly, "job_id": strings.Repeat("x", 101)}, 422, []string{"body.job_id"}},
		"job_id of 1 MB":      {object{"schedule": hourly, "job_id": strings.Repeat("x", 1_000_000)}, 422, []string{"body.job_id"}},
		"NUL in a job_id":     {object{"schedule": hourly, "job_id": "a\x00b"}, 422, []string{"body.job_id"}},
		"body over 1 MiB":     {object{"schedule": hourly, "job_id": strings.Repeat("x", 1<<20)}, 413, nil},
		"body over 3 MiB":     {object{"schedule": hourly, "job_id": strings.Repeat("x", 3<<20)}, 413, nil},
		"calendar of 900 KiB": {object{"schedule": object{"every": "1h", "blackouts": []object{{"icalendar": strings.Repeat("BEGIN:VEVENT\n", 70_000)}}}}, 422, []string{"body.schedule.blackouts[0].icalendar"}},
	} {
		p := intoProblem(t, w.call(t, "POST", previewPath, test.body), test.status)
		got := slices.Compact(slices.Sorted(slices.Values(p.locations())))
		if diff := cmp.Diff(test.want, got); diff != "" && (len(test.want) > 0 || len(got) > 0) {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestPreviewsFarAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, from := range []string{"9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00Z"} {
		got := w.previewOf(t, object{"schedule": object{"cron": "0 0 1 1 *"}, "from": from, "count": 100, "previous": 100})
		if len(got.Fires)+len(got.Previous) != 100 || got.Fires == nil || got.Warnings == nil {
			t.Errorf("from %s: %+v", from, got)
		}
	}
}
