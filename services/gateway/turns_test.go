package gateway

import (
	"fmt"
	"testing"

	"github.com/carillon-cron/carillon/services/gateway/internal/keyring"
	"github.com/carillon-cron/carillon/shared/eventually"
)

// TestOneKeyDoesNotTakeAllConnections has many requests of one key wait for a lock.
func TestOneKeyDoesNotTakeAllConnections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := w.create(t, document("held"))
	greedy, other := w.keyFor(t, keyring.Editor, "default"), w.keyFor(t, keyring.Editor, "other")
	blocker, err := w.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := blocker.Exec(t.Context(), `SELECT FROM jobs WHERE id = $1 FOR UPDATE`, job.ID); err != nil {
		t.Fatal(err)
	}
	const crowd = 30
	answers := make(chan int, crowd)
	for range crowd {
		go func() { answers <- w.callAs(t, greedy, "POST", "/api/v1/jobs/"+job.ID.String()+"/pause", nil).status }()
	}
	eventually.Succeeds(t, func() error {
		if n := w.count(t, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`); n < 4 {
			return fmt.Errorf("%d requests wait", n)
		}
		return nil
	})
	for i := range 10 {
		into[object](t, w.callAs(t, other, "POST", "/api/v1/jobs", documentIn("other", fmt.Sprint("free-", i))), 201)
	}
	w.relayed(t)
	if n := w.count(t, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`); n > 4 {
		t.Errorf("%d requests of one key are worked on", n)
	}
	if err := blocker.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range crowd {
		if status := <-answers; status != 200 && status != 429 && status != 503 {
			t.Errorf("a request that waited: %d", status)
		}
	}
}
