package recorder_test

import (
	"flag"
	"runtime"
	"testing"

	"github.com/carillon-cron/carillon/shared/topology"
)

var full = flag.Bool("full", false, "five million runs instead of thirty thousand")

// heapAnyhow is by how much the heap differs from one collection to the next.
const heapAnyhow = 16 << 20

// TestMemoryIsLevelOverManyRuns records runs of ten thousand jobs, a tenth of them
// at a time. The heap of this process, which is the recorder, the NATS server and
// the test, must not grow with their number.
func TestMemoryIsLevelOverManyRuns(t *testing.T) {
	runs := 30_000
	if *full {
		runs = 5_000_000
	}
	s, of := newStage(t), answeredEmpty(spreadOver(manyJobs))
	s.start(t)
	const parts = 10
	var heaps [parts]int
	for part := range parts {
		s.publish(t, topology.EventFinished, of, part*runs/parts, (part+1)*runs/parts)
		eventually(t, s.drained)
		heaps[part] = liveHeap()
		t.Logf("after %d runs: %.1f MiB of heap, %d goroutines", (part+1)*runs/parts, float64(heaps[part])/(1<<20), runtime.NumGoroutine())
	}
	if first, last := heaps[1], heaps[parts-1]; last > first*5/4+heapAnyhow {
		t.Errorf("the heap grew from %d to %d bytes", first, last)
	}
}

// liveHeap is what is left of the heap after a collection.
func liveHeap() int {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}
