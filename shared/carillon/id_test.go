package carillon_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestRunIDIsAFunctionOfItsArguments(t *testing.T) {
	t.Parallel()
	job := uuid.MustParse("0193d5a0-0000-7000-8000-000000000001")
	id := carillon.NewRunID(job, carillon.KindSchedule, noon)
	// Written down, because ledgers hold ids of older versions: it must never change.
	if want := "01a20846-fe00-81c2-b73f-6029b2a39de7"; id.String() != want {
		t.Errorf("got %s, want %s", id, want)
	}
	elsewhere := noon.In(time.FixedZone("", 5*60*60+30*60))
	if again := carillon.NewRunID(job, carillon.KindSchedule, elsewhere); again != id {
		t.Errorf("the same instant in another zone: got %s, want %s", again, id)
	}
}

func TestRunIDIsAUUIDv8(t *testing.T) {
	t.Parallel()
	for range 1000 {
		id := carillon.NewRunID(carillon.NewJobID(), carillon.KindManual, noon)
		if id.Version() != 8 || id.Variant() != uuid.RFC4122 {
			t.Fatalf("%s: version %d, variant %s", id, id.Version(), id.Variant())
		}
	}
}

func TestRunIDsSortByFireTime(t *testing.T) {
	t.Parallel()
	for _, step := range []time.Duration{time.Millisecond, time.Second, 24 * time.Hour, 365 * 24 * time.Hour} {
		for at := noon; at.Before(noon.Add(100 * step)); at = at.Add(step) {
			earlier := carillon.NewRunID(carillon.NewJobID(), carillon.KindSchedule, at)
			later := carillon.NewRunID(carillon.NewJobID(), carillon.KindSchedule, at.Add(step))
			if bytes.Compare(earlier[:], later[:]) >= 0 {
				t.Fatalf("%s at %s does not sort before %s, %s later", earlier, at, later, step)
			}
		}
	}
}

func TestRunTimeIsTheFireTime(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{
		time.Unix(0, 0).UTC(), noon, noon.Add(999*time.Millisecond + 999_999),
		time.Date(2262, 4, 12, 0, 0, 0, 0, time.UTC), // beyond what fits into nanoseconds
		time.Date(9999, 12, 31, 23, 59, 59, 999_000_000, time.UTC),
	} {
		id := carillon.NewRunID(carillon.NewJobID(), carillon.KindSchedule, at)
		if got, want := carillon.RunTime(id), at.Truncate(time.Millisecond); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestRunIDsDoNotCollide(t *testing.T) {
	t.Parallel()
	seen := map[uuid.UUID]bool{}
	n := 0
	for range 100 {
		job := carillon.NewJobID()
		for _, kind := range append(carillon.Kinds(), "") {
			for i := range 100 { // of one millisecond: triggers may be that close
				seen[carillon.NewRunID(job, kind, noon.Add(time.Duration(i)))] = true
				n++
			}
		}
	}
	if len(seen) != n {
		t.Errorf("%d ids of %d runs", len(seen), n)
	}
}

func TestJobIDsSortByCreation(t *testing.T) {
	t.Parallel()
	last := carillon.NewJobID()
	for range 1000 {
		next := carillon.NewJobID()
		if bytes.Compare(last[:], next[:]) >= 0 {
			t.Fatalf("%s came after %s", next, last)
		}
		last = next
	}
}

func TestPartitionsShareJobsEvenly(t *testing.T) {
	t.Parallel()
	const each = 1000
	var counts [carillon.Partitions]int
	for range carillon.Partitions * each {
		counts[carillon.PartitionOf(carillon.NewJobID())]++ // out of range, it panics
	}
	for partition, n := range counts {
		if n < each*8/10 || n > each*12/10 {
			t.Errorf("partition %d has %d jobs, want about %d", partition, n, each)
		}
	}
}

// Subjects of stored messages hold it.
func TestPartitionNeverChanges(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"00000000-0000-0000-0000-000000000000": 9,
		"0193d5a0-0000-7000-8000-000000000001": 7,
		"ffffffff-ffff-ffff-ffff-ffffffffffff": 1,
	} {
		if got := carillon.PartitionOf(uuid.MustParse(text)); got != want {
			t.Errorf("%s: got %d, want %d", text, got, want)
		}
	}
}
