package recorder_test

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// cpuTime is that of this process: the recorder and the embedded NATS server.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// postgresCPU is the CPU time that Postgres has spent on the connections that
// there are, from /proc/<pid>/schedstat.
func (s *stage) postgresCPU(b *testing.B) (spent time.Duration) {
	b.Helper()
	rows, err := s.pool.Query(b.Context(), "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'")
	if err != nil {
		b.Fatal(err)
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		b.Fatal(err)
	}
	for _, pid := range pids {
		var nanoseconds int64
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
		if err == nil {
			_, err = fmt.Sscan(string(data), &nanoseconds)
		}
		if err != nil {
			b.Fatal(err)
		}
		spent += time.Duration(nanoseconds)
	}
	return spent
}
