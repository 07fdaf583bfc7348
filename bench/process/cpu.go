package process

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ticksPerSecond is USER_HZ, which Linux fixes at 100 on every platform of ours.
const ticksPerSecond = 100

// CPU is the CPU time of a process and its ended children, in seconds.
func CPU(pid int) float64 {
	_, ticks := readProcesses()
	return float64(ticks[pid]) / ticksPerSecond
}

// CPUOfTree is the CPU time of a process and all its live descendants, with what
// their ended children used, in seconds.
func CPUOfTree(pid int) float64 {
	parents, ticks := readProcesses()
	total := 0
	for p := range ticks {
		if descends(p, pid, parents) {
			total += ticks[p]
		}
	}
	return float64(total) / ticksPerSecond
}

func descends(pid, ancestor int, parents map[int]int) bool {
	for ; pid > 1; pid = parents[pid] {
		if pid == ancestor {
			return true
		}
	}
	return false
}

// readProcesses reads every process's parent and CPU ticks from /proc/*/stat
// (proc(5): fields 4, and 14 to 17).
func readProcesses() (parents, ticks map[int]int) {
	parents, ticks = map[int]int{}, map[int]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		_, rest, _ := strings.Cut(string(data), ") ")
		fields := strings.Fields(rest)
		parents[pid], _ = strconv.Atoi(fields[1])
		for _, field := range fields[11:15] {
			n, _ := strconv.Atoi(field)
			ticks[pid] += n
		}
	}
	return parents, ticks
}

// Machine names the processor and how many there are.
func Machine() string {
	data, _ := os.ReadFile("/proc/cpuinfo")
	model := "unknown processor"
	for line := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
		}
	}
	return fmt.Sprintf("%d × %s", strings.Count(string(data), "processor\t:"), model)
}
