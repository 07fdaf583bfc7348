package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// PeakMemory is the most physical memory that a process has had so far, in
// bytes (proc(5): VmHWM); 0 if it has ended.
func PeakMemory(pid int) float64 {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseFloat(strings.Fields(value)[0], 64)
			return kib * 1024
		}
	}
	return 0
}
