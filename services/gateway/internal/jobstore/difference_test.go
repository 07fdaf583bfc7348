package jobstore

import (
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/go-cmp/cmp"
)

func TestDifferences(t *testing.T) {
	t.Parallel()
	base := carillon.Document{Name: "a", Labels: map[string]string{"team": "x", "a/b~c": "1"}}
	base.Schedule.Cron = "* * * * *"
	for name, test := range map[string]struct {
		change func(*carillon.Document)
		want   []string
	}{
		"nothing":           {func(*carillon.Document) {}, nil},
		"a field":           {func(d *carillon.Document) { d.Schedule.Cron = "1 * * * *" }, []string{"/schedule/cron"}},
		"one for another":   {func(d *carillon.Document) { d.Schedule.Cron, d.Schedule.Every = "", 5e9 }, []string{"/schedule/cron", "/schedule/every"}},
		"a key with signs":  {func(d *carillon.Document) { d.Labels = map[string]string{"team": "x"} }, []string{"/labels/a~1b~0c"}},
		"a whole part":      {func(d *carillon.Document) { d.Labels = nil }, []string{"/labels"}},
		"a list as a whole": {func(d *carillon.Document) { d.Retry.On = []string{"5xx"} }, []string{"/retry"}},
		"a part that comes": {func(d *carillon.Document) { d.Adaptive = &carillon.Adaptive{Mode: "auto"} }, []string{"/adaptive"}},
	} {
		after := base
		test.change(&after)
		if diff := cmp.Diff(test.want, differences(base, after)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
