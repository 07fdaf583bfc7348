package recorder_test

import (
	"flag"
	"runtime"
	"slices"
	"testing"

	"github.com/carillon-cron/carillon/shared/topology"
)

var full = flag.Bool("full", false, "five million runs instead of thirty thousand")

const (
	// heapAnyhow is by how much the least of three heaps differs from that of others.
	heapAnyhow = 2 << 20
	// mostOfRun is how many bytes a run may leave behind: fewer than its id.
	mostOfRun = 10
)

// TestMemoryIsLevelOverManyRuns records runs of ten thousand jobs, a tenth of them
// at a time. The heap of this process, which is the recorder, the NATS server and
// the test, must not grow with their number. Five million find 11 bytes a run, thirty thousand
// find 120.
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
	grown := slices.Min(heaps[parts-3:]) - slices.Min(heaps[1:4])
	if between := runs * (parts - 4) / parts; grown > heapAnyhow+mostOfRun*between {
		t.Errorf("the heap grew by %d bytes over %d runs", grown, between)
	}
}

// liveHeap is what is left of the heap after a collection.
func liveHeap() int {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}
