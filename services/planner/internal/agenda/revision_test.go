package agenda

import (
	"fmt"
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/go-cmp/cmp"
)

// written is a definition as it stands in JOBS.
func written(i int) (wire.Definition, []byte) {
	doc := carillon.Document{
		Name: fmt.Sprintf("billing-%07d", i), Labels: map[string]string{"team": "billing"},
		Schedule: schedule.Spec{Cron: fmt.Sprintf("%d %d * * *", i%60, i/60%24), Timezone: "Europe/Berlin"},
		Target: carillon.Target{
			URL:     fmt.Sprintf("https://billing.example.com/v1/tasks/%d/run", i),
			Headers: map[string]string{"Content-Type": "application/json"}, Body: `{"text":"` + strings.Repeat("é", 190) + `"}`,
		},
	}
	def := wire.Definition{Job: carillon.Job{ID: carillon.NewJobID(), Revision: 1, EffectiveFrom: epoch, Document: doc.WithDefaults()}}
	return def, wire.Encode(def)
}

func read(t testing.TB, data []byte) *Revision {
	t.Helper()
	brief, err := wire.Decode[wire.Brief](data)
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRevision(&brief)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAFireHasTheCallOfItsDefinition(t *testing.T) {
	t.Parallel()
	def, data := written(1)
	fire := Fire{At: epoch, Job: def.ID, Revision: read(t, data)}
	body := fire.Call(fire.Revision.Queue)
	call, err := wire.Decode[wire.Call](body)
	if diff := cmp.Diff(def.Call(), call); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if size := fire.Size(); size < len(body)*9/10 || size > len(body)*11/10 {
		t.Errorf("size %d, and it has %d bytes", size, len(body))
	}
}

func TestRevisionsShareWhatTheyHaveInCommon(t *testing.T) {
	t.Parallel()
	def, data := written(1)
	same := read(t, data)
	def.ID, def.Name, def.Target.Body = carillon.NewJobID(), "another", ""
	if other := read(t, wire.Encode(def)); other.Terms != same.Terms || other.schedule != same.schedule {
		t.Error("equal terms and schedules are kept twice")
	}
	def.Retry.MaxAttempts++
	if other := read(t, wire.Encode(def)); other.Terms == same.Terms {
		t.Error("a revision has the terms of another")
	}
}

// BenchmarkRead reads definitions as a planner does that starts.
func BenchmarkRead(b *testing.B) {
	var bodies [1440][]byte
	for i := range bodies {
		_, bodies[i] = written(i)
	}
	kept := make([]*Revision, 100_000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		kept[i%len(kept)] = read(b, bodies[i%len(bodies)])
	}
}
