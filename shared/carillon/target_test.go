package carillon_test

import (
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/answer"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/go-cmp/cmp"
)

func TestSoundTargets(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*carillon.Document){
		"all timeouts": func(d *carillon.Document) {
			d.Target.Timeouts = &carillon.Timeouts{Connect: carillon.Duration(time.Minute), TLS: 1, FirstByte: carillon.Duration(time.Hour)}
		},
		"no timeouts": func(d *carillon.Document) { d.Target.Timeouts = &carillon.Timeouts{} },
		"success": func(d *carillon.Document) {
			d.Target.Success = &answer.Success{Status: []string{"304"}, JSONPath: "$.a"}
		},
		"default success": func(d *carillon.Document) { d.Target.Success = &answer.Success{} },
		"placeholders": func(d *carillon.Document) {
			d.Target.URL = "https://example.com/{{fire_time - 24h | date}}?run={{ run_id }}"
			d.Target.Headers = map[string]string{"X-Attempt": "{{attempt}}"}
			d.Target.Body = `{"job": {{job.name | json}}, "literal": "{{"{{"}}x}}"}`
		},
	} {
		doc := valid()
		change(&doc)
		if err := doc.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFaultyTargets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*carillon.Document)
		want   []string
	}{
		"unknown placeholders": {func(d *carillon.Document) {
			d.Target.URL += "/{{secret}}"
			d.Target.Headers = map[string]string{"A": "{{x}}", "B": "{{"}
			d.Target.Body = "{{job.owner}}"
		}, []string{"target.url", "target.headers", "target.headers", "target.body"}},
		"placeholder as host":      {func(d *carillon.Document) { d.Target.URL = "https://{{job.name}}/x" }, []string{"target.url"}},
		"placeholder in host":      {func(d *carillon.Document) { d.Target.URL = "https://a.{{job.name}}.com?x" }, []string{"target.url"}},
		"placeholder as port":      {func(d *carillon.Document) { d.Target.URL = "https://a.com:{{attempt}}" }, []string{"target.url"}},
		"placeholder as user":      {func(d *carillon.Document) { d.Target.URL = "https://{{attempt}}@a.com/" }, []string{"target.url"}},
		"placeholder as scheme":    {func(d *carillon.Document) { d.Target.URL = "{{job.name}}://a.com/" }, []string{"target.url"}},
		"placeholder hides a host": {func(d *carillon.Document) { d.Target.URL = `https:{{"{{"}}//a.com/` }, []string{"target.url"}},
		"negative timeouts": {func(d *carillon.Document) {
			d.Target.Timeouts = &carillon.Timeouts{Connect: -1, TLS: -1, FirstByte: -1}
		},
			[]string{"target.timeouts.connect", "target.timeouts.tls", "target.timeouts.first_byte"}},
		"long timeouts": {func(d *carillon.Document) {
			d.Target.Timeouts = &carillon.Timeouts{Connect: carillon.Duration(61 * time.Second), FirstByte: carillon.Duration(time.Hour + 1)}
		}, []string{"target.timeouts.connect", "target.timeouts.first_byte"}},
		"faulty success": {func(d *carillon.Document) { d.Target.Success = &answer.Success{Status: []string{"ok"}, Body: "("} },
			[]string{"target.success.status[0]", "target.success.body"}},
	} {
		doc := valid()
		c.change(&doc)
		if diff := cmp.Diff(c.want, fields(t, doc.Validate())); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
