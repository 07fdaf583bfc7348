package system

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestLoadLeavesMemoryLevel has jobs fire every second, for
// thirty minutes in full, and looks at every process all the while: in the last
// third of the time, neither the heap nor the goroutines are more than in the
// third before.
func TestLoadLeavesMemoryLevel(t *testing.T) {
	t.Parallel()
	jobs, span := 50, 24*time.Second
	if *full {
		jobs, span = 200, 30*time.Minute
	}
	a := newArena(t)
	a.fill(jobs, newTarget(t, 0).url)
	samples := map[string][]vitals{}
	for end := time.Now().Add(span); time.Now().Before(end); pause(t, span/60) {
		for name, p := range a.asked() {
			samples[name] = append(samples[name], p.vitals())
		}
	}
	for name, all := range samples {
		third := len(all) / 3
		begin, middle, last := typical(all[:third]), typical(all[third:2*third]), typical(all[2*third:])
		t.Logf("%s: heap %s, %s, %s; goroutines %d, %d, %d; memory %s, %s, %s", name, mib(begin.heap), mib(middle.heap), mib(last.heap),
			begin.goroutines, middle.goroutines, last.goroutines, mib(begin.resident), mib(middle.resident), mib(last.resident))
		if last.heap > middle.heap*5/4+heapAnyhow || last.goroutines > middle.goroutines*5/4+10 {
			t.Errorf("%s grows", name)
		}
	}
}

// heapAnyhow is by how much the heap differs from one collection to the next.
const heapAnyhow = 8 << 20

// vitals are how a process is. Its heap is the size at which it will be collected
// next: a fixed multiple of what lived at the last collection.
type vitals struct{ heap, goroutines, resident int }

func (p *sufferer) vitals() vitals {
	return vitals{p.metric("go_memstats_next_gc_bytes"), p.metric("go_goroutines"), p.metric("process_resident_memory_bytes")}
}

// typical is the median of each.
func typical(all []vitals) vitals {
	median := func(of func(vitals) int) int {
		values := make([]int, len(all))
		for i, v := range all {
			values[i] = of(v)
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	return vitals{
		median(func(v vitals) int { return v.heap }),
		median(func(v vitals) int { return v.goroutines }),
		median(func(v vitals) int { return v.resident }),
	}
}

func mib(bytes int) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }

// asked are the processes that can be asked how they are, by name.
func (a *arena) asked() map[string]*sufferer {
	all := map[string]*sufferer{}
	for n, p := range a.planners {
		all[fmt.Sprint("planner ", n)] = p
	}
	for _, name := range []string{"runner", "recorder", "gateway"} {
		all[name] = a.serving[name]
	}
	return all
}
