package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/carillon-cron/carillon/shared/postgres/pgtest"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func connect(t *testing.T) (*pgxpool.Pool, jetstream.JetStream) {
	t.Helper()
	pool, err := pgxpool.New(context.Background(), pgtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool, natstest.Start(t).Streams()
}

// TestRelaysThatAreKilledAtRandomKeepTheOrder lets several relays compete and
// ends them at random, while writers go on. Whatever was published twice, the
// newest revision of every job is the last one published.
func TestRelaysThatAreKilledAtRandomKeepTheOrder(t *testing.T) {
	t.Parallel()
	pool, js := connect(t)
	writing, stopWriting := context.WithCancel(t.Context())
	relays := make(chan struct{}, 3)
	for range 3 {
		go func() {
			for writing.Err() == nil {
				life := time.Duration(rand.IntN(60)) * time.Millisecond
				ctx, cancel := context.WithTimeout(writing, life)
				_ = NewRelay(pool, js).Run(ctx)
				cancel()
			}
			relays <- struct{}{}
		}()
	}
	const jobs, revisions = 20, 60
	ids := make([]uuid.UUID, jobs)
	for i := range ids {
		ids[i] = uuid.New()
	}
	for revision := range revisions {
		batch := &pgx.Batch{}
		for _, id := range ids {
			Append(batch, topology.Job(id), body(revision+1))
		}
		if err := pool.SendBatch(t.Context(), batch).Close(); err != nil {
			t.Fatal(err)
		}
	}
	stopWriting()
	for range 3 {
		<-relays
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { _ = NewRelay(pool, js).Run(ctx) }()
	eventually.Succeeds(t, func() error { return empty(ctx, pool) })
	stream, err := js.Stream(ctx, topology.JobsStream)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		msg, err := stream.GetLastMsgForSubject(ctx, topology.Job(id))
		if err != nil {
			t.Fatal(err)
		}
		if string(msg.Data) != string(body(revisions)) {
			t.Errorf("the last message of %s is %s", id, msg.Data)
		}
	}
}

// TestKickIsFasterThanThePoll has a relay that has published what was there when it
// began, and looks again in an hour.
func TestKickIsFasterThanThePoll(t *testing.T) {
	t.Parallel()
	pool, js := connect(t)
	relay := NewRelay(pool, js)
	relay.poll = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	write := func() {
		t.Helper()
		batch := &pgx.Batch{}
		Append(batch, topology.Job(uuid.New()), []byte("{}"))
		if err := pool.SendBatch(ctx, batch).Close(); err != nil {
			t.Fatal(err)
		}
	}
	write()
	go func() { _ = relay.Run(ctx) }()
	eventually.Succeeds(t, func() error { return empty(ctx, pool) })
	write()
	relay.Kick()
	eventually.Succeeds(t, func() error { return empty(ctx, pool) })
}

// Of a queue only the newest counts, and the news of its end passes. Of a job all
// revisions stay, also those before its end: planners may still have to plan them.
func TestWhatTheStreamKeeps(t *testing.T) {
	t.Parallel()
	pool, js := connect(t)
	job, queue, deleted := topology.Job(uuid.New()), topology.Queue("a"), topology.Queue("b")
	batch := &pgx.Batch{}
	for _, text := range []string{"{}", "{}", `{"deleted":true}`} {
		Append(batch, job, []byte(text))
		Append(batch, queue, []byte(text))
		Append(batch, deleted, []byte(text))
	}
	Append(batch, deleted, nil)
	if err := pool.SendBatch(t.Context(), batch).Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := NewRelay(pool, js).pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), topology.JobsStream)
	if err != nil {
		t.Fatal(err)
	}
	info, err := stream.Info(t.Context(), jetstream.WithSubjectFilter(">"))
	want := map[string]uint64{job: 3, queue: 1, deleted: 1}
	if err != nil || !maps.Equal(info.State.Subjects, want) {
		t.Errorf("the stream keeps %v, want %v (%v)", info.State.Subjects, want, err)
	}
	for subject, passes := range map[string]bool{job: false, queue: false, deleted: true} {
		msg, err := stream.GetLastMsgForSubject(t.Context(), subject)
		if err != nil || (msg.Header.Get(jetstream.MsgTTLHeader) != "") != passes {
			t.Errorf("%s: %v, %v", subject, msg, err)
		}
	}
}

// TestARowThatFailsHoldsUpItsSubjectAlone begins with a row that no server takes.
func TestARowThatFailsHoldsUpItsSubjectAlone(t *testing.T) {
	t.Parallel()
	pool, js := connect(t)
	bad, good := topology.Job(uuid.New()), topology.Job(uuid.New())
	batch := &pgx.Batch{}
	Append(batch, bad, make([]byte, js.Conn().MaxPayload()+1))
	Append(batch, "no.stream.takes.this", body(1))
	Append(batch, good, body(1))
	Append(batch, bad, body(2))
	Append(batch, good, body(2))
	if err := pool.SendBatch(t.Context(), batch).Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := NewRelay(pool, js).pass(t.Context()); err == nil {
		t.Error("the failure is not told")
	}
	rows, err := pool.Query(t.Context(), `SELECT id FROM outbox ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	left, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if diff := cmp.Diff([]int64{1, 2, 4}, left); diff != "" || err != nil {
		t.Errorf("left in the outbox: %s %v", diff, err)
	}
	stream, err := js.Stream(t.Context(), topology.JobsStream)
	if err != nil {
		t.Fatal(err)
	}
	if msg, err := stream.GetLastMsgForSubject(t.Context(), bad); err == nil {
		t.Errorf("what follows the bad row was sent before it: %s", msg.Data)
	}
}

func body(revision int) []byte {
	data, _ := json.Marshal(map[string]string{"revision": strconv.Itoa(revision)})
	return data
}

func empty(ctx context.Context, pool *pgxpool.Pool) error {
	var n int
	if err := pool.QueryRow(ctx, `SELECT count(*) FROM outbox`).Scan(&n); err != nil || n > 0 {
		return fmt.Errorf("%d messages left, %w", n, err)
	}
	return nil
}
