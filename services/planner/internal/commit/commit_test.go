package commit

import (
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/services/planner/internal/agenda"
	"github.com/carillon-cron/carillon/services/planner/internal/plan"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/carillon-cron/carillon/shared/schedule"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

// batchOf plans one fire for each of some new jobs.
func batchOf(t *testing.T, n int, overlap carillon.Overlap) *plan.Batch {
	t.Helper()
	a, marks, now := agenda.New(), map[int]wire.Mark{}, time.Now().UTC().Truncate(time.Second)
	for p := range carillon.Partitions {
		a.Own(p, wire.Mark{})
		marks[p] = wire.Mark{}
	}
	doc := carillon.Document{Name: "j", Schedule: schedule.Spec{At: &now}, Overlap: overlap}.WithDefaults()
	for i := range n {
		job := carillon.Job{ID: uuid.New(), Revision: 1, EffectiveFrom: now, Document: doc}
		revision, err := agenda.NewRevision(&wire.Brief{Definition: wire.Definition{Job: job}})
		if err != nil {
			t.Fatal(err)
		}
		a.Apply(job.ID, revision, uint64(i+1))
	}
	return plan.Collect(a, now, marks, nil)
}

func sound() bool { return true }

func count(t *testing.T, js jetstream.JetStream, filter string) int {
	t.Helper()
	stream, err := js.Stream(t.Context(), topology.RunsStream)
	if err != nil {
		t.Fatal(err)
	}
	info, err := stream.Info(t.Context(), jetstream.WithSubjectFilter(filter))
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, n := range info.State.Subjects {
		total += int(n)
	}
	return total
}

func TestABatchIsStoredWithItsMarks(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Streams()
	marks := map[int]Mark{}
	if err := New(js, "p", sound).Commit(t.Context(), batchOf(t, 200, carillon.OverlapSkip), marks); err != nil {
		t.Fatal(err)
	}
	if n := count(t, js, "run.>"); n != 200 {
		t.Errorf("%d runs stored, want 200", n)
	}
	for p, mark := range marks {
		stored, err := ReadMark(t.Context(), js, p)
		if err != nil || stored.Sequence != mark.Sequence || !stored.Same(mark.Mark) {
			t.Errorf("partition %d: mark %+v is kept as %+v (%v)", p, stored, mark, err)
		}
	}
	if err := New(js, "p", sound).Commit(t.Context(), batchOf(t, 200, carillon.OverlapSkip), marks); err != nil {
		t.Errorf("the next batch on these marks: %v", err)
	}
}

func TestAStaleMarkStoresNothing(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Streams()
	if err := New(js, "first", sound).Commit(t.Context(), batchOf(t, 100, carillon.OverlapAllow), map[int]Mark{}); err != nil {
		t.Fatal(err)
	}
	err := New(js, "second", sound).Commit(t.Context(), batchOf(t, 100, carillon.OverlapAllow), map[int]Mark{})
	var stale *Stale
	if !errors.As(err, &stale) {
		t.Errorf("error %v, want *Stale", err)
	}
	if n := count(t, js, "run.>"); n != 100 {
		t.Errorf("%d runs stored, want the first planner's 100", n)
	}
}

// TestALostAnswer sends a batch again that has been stored, as a planner does
// that got no answer.
func TestALostAnswer(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Streams()
	c, batch := New(js, "p", sound), batchOf(t, 100, carillon.OverlapSkip)
	before, stored := map[int]Mark{}, map[int]Mark{}
	if err := c.Commit(t.Context(), batch, stored); err != nil {
		t.Fatal(err)
	}
	if known, _, err := c.try(t.Context(), batch, before); err != nil || !known {
		t.Fatalf("sent again: stored %t, %v", known, err)
	}
	if n := count(t, js, "run.>"); n != 100 {
		t.Errorf("%d runs stored, want 100", n)
	}
	sequences := func(marks map[int]Mark) map[int]uint64 {
		all := map[int]uint64{}
		for p, mark := range marks {
			all[p] = mark.Sequence
		}
		return all
	}
	if !maps.Equal(sequences(before), sequences(stored)) {
		t.Errorf("marks %v learnt, %v stored", sequences(before), sequences(stored))
	}
}

// TestABatchThatLandsLate has a planner give a batch up that is stored after all,
// and then send another one that ends at the same fire.
func TestABatchThatLandsLate(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Streams()
	c, batch := New(js, "p", sound), batchOf(t, 10, carillon.OverlapAllow)
	if err := c.Commit(t.Context(), batch, map[int]Mark{}); err != nil {
		t.Fatal(err)
	}
	var stale *Stale
	if err := c.Commit(t.Context(), batch, map[int]Mark{}); !errors.As(err, &stale) {
		t.Errorf("error %v, want *Stale", err)
	}
}

// TestABatchOfADoubtedClockIsGivenUp has a stream that is gone, and a clock that is
// trusted for two tries.
func TestABatchOfADoubtedClockIsGivenUp(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Streams()
	if err := js.DeleteStream(t.Context(), topology.RunsStream); err != nil {
		t.Fatal(err)
	}
	tries := 0
	trusted := func() bool { tries++; return tries < 3 }
	err := New(js, "p", trusted).Commit(t.Context(), batchOf(t, 1, carillon.OverlapAllow), map[int]Mark{})
	if !errors.Is(err, ErrLate) || tries != 3 {
		t.Errorf("error %v after %d tries, want ErrLate after 3", err, tries)
	}
}

// TestAJobWithManyRunsInTheWay has more runs in the stream than the server lists
// in one answer.
func TestAJobWithManyRunsInTheWay(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Streams()
	batch := batchOf(t, 10, carillon.OverlapSkip)
	crowded := batch.Decisions[3].Job
	for i := range 1100 {
		run := carillon.NewRunID(crowded, carillon.KindManual, time.Unix(int64(i), 0))
		if _, err := js.PublishAsync(topology.Retry(crowded, "default", run), nil); err != nil {
			t.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
	if err := New(js, "p", sound).Commit(t.Context(), batch, map[int]Mark{}); err != nil {
		t.Fatal(err)
	}
	if ready, skipped := count(t, js, "run.*.*.*.ready"), count(t, js, topology.AllSkips); ready != 9 || skipped != 1 {
		t.Errorf("%d runs and %d skips stored, want 9 and 1", ready, skipped)
	}
}

func TestOnlyTheJobsInTheWayAreSkipped(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Streams()
	batch := batchOf(t, 900, carillon.OverlapSkip)
	for _, d := range batch.Decisions[:450] {
		if _, err := js.Publish(t.Context(), topology.Retry(d.Job, "default", carillon.NewRunID(d.Job, carillon.KindManual, d.At)), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := New(js, "p", sound).Commit(t.Context(), batch, map[int]Mark{}); err != nil {
		t.Fatal(err)
	}
	if ready, skipped := count(t, js, "run.*.*.*.ready"), count(t, js, topology.AllSkips); ready != 450 || skipped != 450 {
		t.Errorf("%d runs and %d skips stored, want 450 of each", ready, skipped)
	}
	for i, d := range batch.Decisions {
		if d.Runs() == (i < 450) {
			t.Fatalf("decision %d: state %s", i, d.State)
		}
	}
}
