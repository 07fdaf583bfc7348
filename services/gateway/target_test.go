package gateway

import (
	"net/http"
	"testing"

	"github.com/carillon-cron/carillon/shared/answer"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/go-cmp/cmp"
)

func TestATargetIsKeptAndPublishedAsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plain := w.create(t, document("plain"))
	if plain.Target.Timeouts != nil || plain.Target.Success != nil {
		t.Errorf("filled in what nobody asked for: %+v", plain.Target)
	}
	job := w.create(t, with(target(object{
		"url": "https://example.com/{{fire_time - 24h | date}}", "body": `{"run": {{run_id | json}}}`,
		"timeouts": object{"connect": "2s", "first_byte": "10s"},
		"success":  object{"status": []string{"2xx", "304"}, "json_path": "$.count", "equals": 7},
	})))
	want := job.Target
	if want.URL != "https://example.com/{{fire_time - 24h | date}}" || want.Timeouts.Connect.String() != "2s" || want.Timeouts.TLS != 0 {
		t.Errorf("%+v", want)
	}
	if diff := cmp.Diff(&answer.Success{Status: []string{"2xx", "304"}, JSONPath: "$.count", Equals: 7.0}, want.Success); diff != "" {
		t.Error(diff)
	}
	definition, _ := w.published(t, job.ID, 1)
	if diff := cmp.Diff(want, definition.Target); diff != "" {
		t.Error(diff)
	}
	path := "/api/v1/jobs/" + job.ID.String()
	changed := into[carillon.Job](t, w.call(t, "PATCH", path, object{"target": object{"success": object{"equals": false}, "timeouts": nil}}), http.StatusOK)
	if changed.Target.Success.Equals != false || changed.Target.Success.JSONPath != "$.count" || changed.Target.Timeouts != nil {
		t.Errorf("%+v", changed.Target)
	}
}
