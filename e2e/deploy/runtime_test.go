package deploy

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
)

// A runner that is killed within its grace cannot hand its unfinished calls back.
func TestRunnersEndTheirCallsBeforeTheyAreKilled(t *testing.T) {
	t.Parallel()
	seconds := *pod(t, "runner").TerminationGracePeriodSeconds
	checkGrace(t, environment(t, container(t, "runner")), time.Duration(seconds)*time.Second)
	runner := compose(t).Services["runner"]
	checkGrace(t, runner.Environment.ToMapping(), time.Duration(*runner.StopGracePeriod))
}

func checkGrace(t *testing.T, environment map[string]string, killed time.Duration) {
	t.Helper()
	grace, err := time.ParseDuration(environment["CARILLON_GRACE"])
	if err != nil || grace >= killed {
		t.Errorf("calls may go on for %v (%v), killed after %v", grace, err, killed)
	}
}

// With a heap that may grow to five times what is alive, only GOMEMLIMIT keeps a busy service below its limit.
func TestHeapsFitTheirMemory(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"runner", "recorder"} {
		c, service := container(t, name), compose(t).Services[name]
		checkHeap(t, name, environment(t, c), c.Resources.Limits.Memory().Value())
		checkHeap(t, name, service.Environment.ToMapping(), int64(service.MemLimit))
	}
}

func checkHeap(t *testing.T, name string, environment map[string]string, memory int64) {
	t.Helper()
	if got := environment["GOGC"]; got != "400" {
		t.Errorf("%s: GOGC is %q", name, got)
	}
	limit, err := resource.ParseQuantity(strings.TrimSuffix(environment["GOMEMLIMIT"], "B"))
	if err != nil || limit.Value() < memory*8/10 || limit.Value() > memory*9/10 {
		t.Errorf("%s: GOMEMLIMIT is %q of %d bytes (%v), want eight or nine tenths", name, environment["GOMEMLIMIT"], memory, err)
	}
}
