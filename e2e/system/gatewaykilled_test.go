package system

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/client"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"
)

// relayLock is the advisory lock of whoever relays the outbox.
var relayLock = int64(binary.BigEndian.Uint64([]byte("CARILRLY")))

// TestGatewaysAreKilledBetweenCommitAndPublish kills gateways while several writers
// change jobs through them: two gateways first, then one; at random moments, with
// changes committed that nobody has published, and with changes published that nobody
// has taken out of the outbox. Every accepted change reaches whoever follows JOBS,
// once and in order, and the fires that planners made of them are all accounted for.
func TestGatewaysAreKilledBetweenCommitAndPublish(t *testing.T) {
	t.Parallel()
	kills, seed := 10, rand.Uint64()
	if *full {
		kills = 100
	}
	t.Logf("seed %d", seed)
	d := newDeaths(t)
	begin, stop := time.Now().UTC(), make(chan struct{})
	group, ctx := errgroup.WithContext(t.Context())
	var writers []*writer
	for i := range 6 {
		w := &writer{
			random: rand.New(rand.NewPCG(seed, uint64(i))), name: fmt.Sprintf("writer-%d", i), target: newJournal(t, 0).url, accepted: map[change]string{},
			gateways: []*client.Client{client.New(d.gateways[0].base, adminKey), client.New(d.gateways[1].base, adminKey)},
		}
		writers = append(writers, w)
		group.Go(func() error { return w.work(ctx, 100*time.Millisecond, stop) })
	}
	waiting := 0
	for n := range kills {
		if n == kills/2 {
			d.gateways[1].kill()
			d.gateways = d.gateways[:1]
		}
		waiting += []func() int{d.atRandom, d.beforePublish, d.beforeRemoval}[n%3]()
	}
	close(stop)
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	accepted, deleted, lost := acceptedByAll(writers)
	d.relayed()
	d.check(accepted, deleted)
	pause(t, 2*time.Second) // the last changes come to hold
	report := d.settled(begin, time.Now().UTC().Add(-time.Second))
	t.Logf("%d kills, %d changes waiting at them; %d changes accepted, %d without an answer; %+v", kills, waiting, len(accepted)+len(deleted), lost, report)
	if waiting < kills/3 || len(accepted) < 3*kills {
		t.Error("too little happened")
	}
}

// deaths is an arena whose gateways die.
type deaths struct {
	*arena
	gateways []*mortal
	pool     *pgxpool.Pool
	heard    *follower
	random   *rand.Rand
}

// mortal is a gateway that is started again at the same address.
type mortal struct {
	a    *arena
	base string
	cmd  *exec.Cmd
}

func newDeaths(t *testing.T) *deaths {
	t.Helper()
	d := &deaths{arena: newArena(t), random: rand.New(rand.NewPCG(1, 2))}
	d.widen()
	first := &mortal{a: d.arena, base: d.base, cmd: d.serving["gateway"].cmd}
	second := &mortal{a: d.arena, base: "http://" + freeAddress(t)}
	second.start()
	d.gateways = []*mortal{first, second}
	pool, err := pgxpool.New(t.Context(), d.database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	d.pool, d.heard = pool, d.follow()
	return d
}

func (m *mortal) start() {
	m.a.t.Helper()
	address := strings.TrimPrefix(m.base, "http://")
	env := slices.Concat(m.a.env, []string{"CARILLON_LISTEN=" + address, "CARILLON_ADMIN_LISTEN=127.0.0.1:0"})
	m.cmd = start(m.a.t, env, carillonBinary, "gateway")
	ready(m.a.t, address)
}

func (m *mortal) kill() {
	_ = m.cmd.Process.Kill()
	_, _ = m.cmd.Process.Wait()
}

// atRandom kills one gateway at any moment. It returns how many changes waited in the
// outbox then, as do the others.
func (d *deaths) atRandom() (waiting int) {
	pause(d.t, time.Duration(d.random.IntN(300))*time.Millisecond)
	victim := d.gateways[d.random.IntN(len(d.gateways))]
	victim.kill()
	waiting = d.waiting()
	victim.start()
	return waiting
}

// beforePublish kills all gateways while committed changes wait that none of them
// could publish.
func (d *deaths) beforePublish() (waiting int) {
	release := d.hold(`SELECT pg_advisory_xact_lock($1)`, relayLock)
	waiting = d.awaitWaiting()
	d.killAll(release)
	return waiting
}

// beforeRemoval kills all gateways when one of them has published changes, and not
// yet removed them from the outbox.
func (d *deaths) beforeRemoval() (waiting int) {
	relay := d.hold(`SELECT pg_advisory_xact_lock($1)`, relayLock)
	waiting = d.awaitWaiting()
	removal := d.hold(`LOCK TABLE outbox IN SHARE ROW EXCLUSIVE MODE`)
	waiting = max(waiting, d.waiting())
	before := d.heard.count()
	relay()
	until(d.t, 30*time.Second, func() error {
		if n := d.heard.count() - before; n == 0 {
			return fmt.Errorf("of %d changes that wait none is published", waiting)
		}
		return nil
	})
	d.killAll(removal)
	return waiting
}

// killAll kills all gateways, releases what held them up, and starts them again.
func (d *deaths) killAll(release func()) {
	for _, g := range d.gateways {
		g.kill()
	}
	release()
	for _, g := range d.gateways {
		g.start()
	}
}

// hold takes a lock until release is called.
func (d *deaths) hold(sql string, args ...any) (release func()) {
	d.t.Helper()
	tx, err := d.pool.Begin(d.t.Context())
	if err == nil {
		_, err = tx.Exec(d.t.Context(), sql, args...)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return func() { _ = tx.Rollback(context.Background()) }
}

func (d *deaths) awaitWaiting() (n int) {
	d.t.Helper()
	until(d.t, 30*time.Second, func() error {
		if n = d.waiting(); n == 0 {
			return fmt.Errorf("no change waits")
		}
		return nil
	})
	return n
}

// waiting counts the changes in the outbox.
func (d *deaths) waiting() (n int) {
	d.t.Helper()
	if err := d.pool.QueryRow(d.t.Context(), `SELECT count(*) FROM outbox`).Scan(&n); err != nil {
		d.t.Fatal(err)
	}
	return n
}

// relayed waits until every change has been published.
func (d *deaths) relayed() {
	d.t.Helper()
	until(d.t, time.Minute, func() error {
		if n := d.waiting(); n > 0 {
			return fmt.Errorf("%d changes wait", n)
		}
		return nil
	})
}

// check holds what was accepted to what Postgres has, and that to what followers
// have heard: one that was there all the time, and one that comes now.
func (d *deaths) check(accepted map[change]string, deleted []uuid.UUID) {
	d.t.Helper()
	stored, gone := d.stored()
	for made, url := range accepted {
		if stored[made] != url {
			d.t.Errorf("revision %d of %s was accepted with %s, and is stored with %q", made.revision, made.job, url, stored[made])
		}
	}
	for _, job := range deleted {
		if !gone[job] {
			d.t.Errorf("the deletion of %s was accepted and is not stored", job)
		}
	}
	newest := map[uuid.UUID]int64{}
	for made := range stored {
		newest[made.job] = max(newest[made.job], made.revision)
	}
	for job, revision := range d.follow().newest() {
		if newest[job] != revision {
			d.t.Errorf("JOBS ends with revision %d of %s, want %d", revision, job, newest[job])
		}
	}
	until(d.t, 30*time.Second, func() error {
		if heard := d.heard.newest(); !maps.Equal(heard, newest) {
			return fmt.Errorf("%d jobs were heard of, %d are stored, or not to the end", len(heard), len(newest))
		}
		return nil
	})
	d.heard.check(d.t, stored, gone)
}

// stored is every revision that Postgres has, and which jobs are deleted.
func (d *deaths) stored() (revisions map[change]string, gone map[uuid.UUID]bool) {
	d.t.Helper()
	revisions, gone = map[change]string{}, map[uuid.UUID]bool{}
	rows, err := d.pool.Query(d.t.Context(), `SELECT job_id, revision, document->'target'->>'url', action = 'deleted' FROM job_revisions ORDER BY revision`)
	if err != nil {
		d.t.Fatal(err)
	}
	var made change
	var url string
	var deleted bool
	if _, err = pgx.ForEachRow(rows, []any{&made.job, &made.revision, &url, &deleted}, func() error {
		revisions[made], gone[made.job] = url, deleted
		return nil
	}); err != nil {
		d.t.Fatal(err)
	}
	return revisions, gone
}

// follower hears of jobs as a planner does, and ignores revisions that it knows.
type follower struct {
	mu     sync.Mutex
	lines  map[uuid.UUID][]wire.Definition
	heard  int
	errors []error
}

func (d *deaths) follow() *follower {
	d.t.Helper()
	nc, js, err := bus.Connect(bus.Config{URL: strings.TrimPrefix(d.env[0], "NATS_URL="), Replicas: 1}, "test")
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(nc.Close)
	f := &follower{lines: map[uuid.UUID][]wire.Definition{}}
	stop, err := bus.Follow(d.t.Context(), js, topology.JobsStream, topology.AllJobs, f.hear)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(stop)
	return f
}

func (f *follower) hear(entry bus.Entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard++
	definition, err := wire.Decode[wire.Definition](entry.Data)
	if err != nil {
		f.errors = append(f.errors, err)
		return
	}
	line := f.lines[definition.ID]
	if len(line) == 0 || definition.Revision > line[len(line)-1].Revision {
		f.lines[definition.ID] = append(line, definition)
	}
}

func (f *follower) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.heard
}

func (f *follower) newest() map[uuid.UUID]int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	newest := map[uuid.UUID]int64{}
	for job, line := range f.lines {
		newest[job] = line[len(line)-1].Revision
	}
	return newest
}

// check holds that every revision was heard of, as news and as it is stored.
func (f *follower) check(t *testing.T, stored map[change]string, gone map[uuid.UUID]bool) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, err := range f.errors {
		t.Error(err)
	}
	heard, repeated := 0, f.heard
	for job, line := range f.lines {
		for i, d := range line {
			heard++
			switch {
			case d.Revision != int64(i+1):
				t.Errorf("after revision %d of %s came %d", i, job, d.Revision)
			case d.Republished:
				t.Errorf("revision %d of %s came as no news", d.Revision, job)
			case d.Target.URL != stored[change{job, d.Revision}]:
				t.Errorf("revision %d of %s calls %s, and %q is stored", d.Revision, job, d.Target.URL, stored[change{job, d.Revision}])
			case d.Deleted != (gone[job] && i == len(line)-1):
				t.Errorf("revision %d of %s: deleted %t", d.Revision, job, d.Deleted)
			}
		}
	}
	if heard != len(stored) {
		t.Errorf("%d revisions were heard of, %d are stored", heard, len(stored))
	}
	t.Logf("%d revisions were heard of, %d of them again", heard, repeated-heard)
}
