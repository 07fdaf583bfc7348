package planner

import (
	"testing"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
)

// Marks say how far in JOBS their planner had read, whatever stood there. One that
// skips what is no news to it would wait in vain when it takes over.
func TestEveryMessageOfJobsCountsAsSeen(t *testing.T) {
	t.Parallel()
	l := newLoop(nil, "planner", nil, nil)
	l.define(bus.Entry{Subject: topology.Queue("reports"), Data: []byte("{}"), Sequence: 7})
	l.define(bus.Entry{Subject: topology.Job(carillon.NewJobID()), Data: []byte("no definition"), Sequence: 9})
	for range 2 {
		(<-l.mailbox)(t.Context())
	}
	if got := l.agenda.Seen(); got != 9 {
		t.Errorf("seen up to %d, want 9", got)
	}
}
