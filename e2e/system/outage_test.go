package system

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/pgserver"
	"github.com/google/uuid"
)

// outage is how many jobs fire every second while Postgres is away, and for how
// long that is.
type outage struct {
	jobs int
	away time.Duration
}

func outageScale() outage {
	if *full {
		return outage{jobs: 500, away: 5 * time.Minute}
	}
	return outage{jobs: 50, away: 8 * time.Second}
}

// mostCatchUp is what the full trial gives the recorder to catch up in. It is a
// promise about a machine that does nothing else, so the short trial does not ask.
const mostCatchUp = 2 * time.Minute

// TestPostgresIsAwayUnderLoad stops Postgres under load and starts it again. No
// call waits for it, the live feed tells of every run meanwhile, and afterwards
// the ledger has every fire.
func TestPostgresIsAwayUnderLoad(t *testing.T) {
	t.Parallel()
	o, tg := outageScale(), newTarget(t, 0)
	postgres := newOwnPostgres(t)
	a := newArenaOn(t, postgres.URL())
	a.fill(o.jobs, tg.url)
	feed := a.follow(t)
	begin := time.Now().UTC().Add(2 * time.Second).Truncate(time.Second)
	pause(t, time.Until(begin.Add(5*time.Second)))

	left := time.Now().UTC()
	postgres.stop(t)
	pause(t, o.away)
	back := time.Now().UTC()
	feed.checkAlive(t, left.Add(time.Second), back.Add(-time.Second), o.jobs)
	postgres.start(t)
	end := time.Now().UTC().Truncate(time.Second)
	a.caughtUp(t, end, o.jobs)
	caughtUp := time.Since(back)

	r := a.settled(begin, end)
	if want := o.jobs * int(end.Sub(begin)/time.Second); r.Expected != want || r.States[carillon.StateSucceeded] != want {
		t.Errorf("%d fires, %v, want %d that succeeded", r.Expected, r.States, want)
	}
	before, during := tg.lateness(begin, left), tg.lateness(left, back)
	usual, meanwhile := before[len(before)*99/100], during[len(during)*99/100]
	t.Logf("%d fires a second; Postgres away for %s, caught up %s after its return; 99 %% of the calls within %s before and %s meanwhile, all within %s and %s",
		o.jobs, back.Sub(left).Round(time.Second), caughtUp.Round(100*time.Millisecond), usual, meanwhile, before[len(before)-1], during[len(during)-1])
	if meanwhile > 3*usual+lateAnyhow {
		t.Errorf("calls were %s late while Postgres was away, %s before", meanwhile, usual)
	}
	if *full && caughtUp > mostCatchUp {
		t.Errorf("caught up after %s, want at most %s", caughtUp, mostCatchUp)
	}
}

// lateAnyhow is by how much calls are late now and then, on a machine that is
// busy with other tests.
const lateAnyhow = 500 * time.Millisecond

// caughtUp waits until the ledger has the runs of the last second before an instant.
func (a *arena) caughtUp(t *testing.T, end time.Time, jobs int) {
	t.Helper()
	query := fmt.Sprintf("state=succeeded&from=%s&to=%s", end.Add(-time.Second).Format(time.RFC3339), end.Format(time.RFC3339))
	until(t, 5*time.Minute, func() error {
		var page struct{ Items []run }
		if err := a.Do(t.Context(), "GET", "/runs?limit=500&"+query, nil, &page); err != nil {
			return err
		}
		if len(page.Items) < jobs {
			return fmt.Errorf("%d of %d runs recorded", len(page.Items), jobs)
		}
		return nil
	})
}

// ownPostgres is one that a test may stop and start.
type ownPostgres struct {
	*pgserver.Server
	config pgserver.Config
}

func newOwnPostgres(t *testing.T) *ownPostgres {
	t.Helper()
	dir, err := os.MkdirTemp("", "carillon-e2e-postgres-*") // unlike t.TempDir's, other users may enter it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p := &ownPostgres{config: pgserver.Config{Dir: dir, MaxConnections: 100}}
	p.start(t)
	t.Cleanup(func() { p.stop(t) })
	return p
}

func (p *ownPostgres) start(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server, err := pgserver.Start(ctx, p.config)
	if err != nil {
		t.Fatal(err)
	}
	p.Server = server
}

func (p *ownPostgres) stop(t *testing.T) {
	t.Helper()
	if err := p.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

// followed is what the live feed tells.
type followed struct {
	mu   sync.Mutex
	runs map[uuid.UUID]bool
	gaps []uint64
}

// follow reads the live feed until the test ends, which fails if the feed does so
// sooner.
func (a *arena) follow(t *testing.T) *followed {
	t.Helper()
	f := &followed{runs: map[uuid.UUID]bool{}}
	ctx, cancel := context.WithCancel(context.Background())
	events, ended := make(chan client.Event, 1000), make(chan error, 1)
	go func() { ended <- a.Feed(ctx, events) }()
	go f.read(events)
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("live feed: %v", err)
		}
	})
	return f
}

func (f *followed) read(events <-chan client.Event) {
	var last uint64
	for event := range events {
		f.mu.Lock()
		if last != 0 && event.Sequence != last+1 {
			f.gaps = append(f.gaps, event.Sequence)
		}
		if event.Run.State == carillon.StateSucceeded {
			f.runs[event.Run.RunID] = true
		}
		f.mu.Unlock()
		last = event.Sequence
	}
}

// checkAlive holds that the feed has told of each run of a window, and of every
// event in order.
func (f *followed) checkAlive(t *testing.T, from, to time.Time, jobs int) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	seconds := map[int64]int{}
	for run := range f.runs {
		seconds[carillon.RunTime(run).Unix()]++
	}
	for second := from.Unix() + 1; second < to.Unix(); second++ {
		if seconds[second] != jobs {
			t.Errorf("the feed tells of %d runs of %s, want %d", seconds[second], time.Unix(second, 0).UTC(), jobs)
		}
	}
	if len(f.gaps) > 0 {
		t.Errorf("the feed has gaps before %v", slices.Sorted(slices.Values(f.gaps)))
	}
}
