package ring

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLiveCursorReadsWhatComes(t *testing.T) {
	r := New[string](4, 100)
	r.Begin(10)
	c := r.Live()
	r.Append(11, "a", 1)
	r.Append(12, "b", 1)
	expectNext(t, c, "a", "b")
}

func TestAfterResumesWithinTheRing(t *testing.T) {
	r := filled(t, 1, 8)
	expectNext(t, r.After(6), "7", "8")
	expectNext(t, r.After(0), "1", "2", "3", "4", "5", "6", "7", "8")
}

func TestAwaitWaitsForWhoIsAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := filled(t, 1, 8)
		r.Await(t.Context(), 8) // at once
		awaited := make(chan struct{})
		go func() { r.Await(t.Context(), 10); close(awaited) }()
		for s := uint64(9); s <= 10; s++ {
			synctest.Wait()
			select {
			case <-awaited:
				t.Fatalf("the wait ended before %d", s)
			default:
			}
			r.Append(s, strconv.FormatUint(s, 10), 1)
		}
		<-awaited
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r.Await(short, 1<<60)
		c := r.After(9)
		expectNext(t, c, "10")
	})
}

func TestAfterOutsideTheRingResets(t *testing.T) {
	r := filled(t, 5, 30) // holds 15 to 30
	for _, since := range []uint64{0, 13, 31, 1 << 60} {
		c := r.After(since)
		expectReset(t, c, 30)
		r.Append(r.last+1, "next", 1)
		expectNext(t, c, "next")
		r = filled(t, 5, 30)
	}
	expectNext(t, r.After(28), "29", "30")
}

func TestHoleResetsEverybodyAndStartsAnew(t *testing.T) {
	r := filled(t, 1, 5)
	behind, atEnd := r.After(2), r.Live()
	r.Append(9, "9", 1)
	expectReset(t, behind, 8)
	expectReset(t, atEnd, 8)
	expectReset(t, r.After(5), 9)
	expectNext(t, r.After(8), "9")
	r.Append(10, "10", 1)
	expectNext(t, atEnd, "9", "10")
}

func TestRepeatedSequenceIsIgnored(t *testing.T) {
	r := filled(t, 1, 5)
	c := r.After(4)
	r.Append(5, "again", 1)
	r.Append(3, "again", 1)
	r.Append(6, "6", 1)
	expectNext(t, c, "5", "6")
}

func TestBeginWithinWhatIsKnownChangesNothing(t *testing.T) {
	r := filled(t, 1, 5)
	c := r.After(3)
	r.Begin(5)
	r.Begin(2)
	expectNext(t, c, "4", "5")
	r.Begin(6)
	expectReset(t, c, 6)
}

func TestRestartCountsAnew(t *testing.T) {
	r := filled(t, 1, 5)
	c := r.After(3)
	r.Restart(2)
	expectReset(t, c, 2)
	r.Append(3, "anew", 1)
	expectNext(t, c, "anew")
}

func TestSlowReaderIsOvertakenAndNobodyElse(t *testing.T) {
	r := New[string](4, 100)
	r.Begin(0)
	slow, quick := r.Live(), r.Live()
	for i := range 5 {
		r.Append(uint64(i+1), "x", 1)
		expectNext(t, quick, "x")
	}
	if _, err := slow.Next(t.Context(), make([]string, 0, 9)); !errors.Is(err, ErrOvertaken) {
		t.Fatalf("slow reader got %v, want ErrOvertaken", err)
	}
}

func TestBytesBoundTheRing(t *testing.T) {
	r := New[string](100, 10)
	r.Begin(0)
	r.Append(1, "a", 4)
	r.Append(2, "b", 4)
	r.Append(3, "c", 4)
	expectReset(t, r.After(0), 3)
	expectNext(t, r.After(1), "b", "c")
	r.Append(4, "huge", 50)
	expectNext(t, r.After(3), "huge")
}

func TestCursorOnARingThatHasNotBegunIsReset(t *testing.T) {
	r := New[string](4, 100)
	c := r.Live()
	r.Begin(41)
	expectReset(t, c, 41)
	r.Append(42, "x", 1)
	expectNext(t, c, "x")
}

func TestNextWaitsAndIsWoken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New[string](4, 100)
		r.Begin(0)
		got := make(chan []string)
		for range 3 {
			c := r.Live()
			go func() {
				values, _ := c.Next(t.Context(), make([]string, 0, 4))
				got <- values
			}()
		}
		synctest.Wait()
		r.Append(1, "a", 1)
		for range 3 {
			if diff := cmp.Diff([]string{"a"}, <-got); diff != "" {
				t.Error(diff)
			}
		}
	})
}

func TestNextEndsWithItsContext(t *testing.T) {
	r := filled(t, 1, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Live().Next(ctx, make([]string, 0, 1)); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want context.Canceled", err)
	}
}

// TestAgainstModel compares the ring with a plain list of everything that ever
// passed: whatever a reader gets is the true series without a hole, unless it
// was told of one.
func TestAgainstModel(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		r := New[uint64](1+random.IntN(20), 1+random.IntN(200))
		last := uint64(random.IntN(5))
		r.Begin(last)
		model := reader{cursor: r.Live(), at: last}
		for range 300 {
			switch n := random.IntN(100); {
			case n < 70:
				last++
				r.Append(last, last, random.IntN(20))
			case n < 72:
				last += uint64(2 + random.IntN(5))
				r.Append(last, last, random.IntN(20))
			case n < 75:
				r.Append(last-min(last, uint64(random.IntN(10))), 0, 1)
			case n < 78:
				model = reader{cursor: r.After(last - min(last, uint64(random.IntN(30))))}
				model.at = model.cursor.next - 1
			default:
				model.read(t, seed, last, 1+random.IntN(8))
			}
		}
	}
}

type reader struct {
	cursor *Cursor[uint64]
	at     uint64
}

func (m *reader) read(t *testing.T, seed, last uint64, n int) {
	t.Helper()
	if m.at == last && !m.cursor.unknown && m.cursor.series == m.cursor.ring.series {
		return // it would wait
	}
	values, err := m.cursor.Next(t.Context(), make([]uint64, 0, n))
	for _, v := range values {
		if v != m.at+1 {
			t.Fatalf("seed %d: after %d came %d", seed, m.at, v)
		}
		m.at = v
	}
	var reset *Reset
	switch {
	case errors.As(err, &reset):
		if reset.Sequence > last || reset.Sequence+1 < m.cursor.ring.first {
			t.Fatalf("seed %d: reset to %d, which the ring cannot go on from", seed, reset.Sequence)
		}
		m.at = reset.Sequence
	case errors.Is(err, ErrOvertaken):
		if held := m.cursor.ring.first; m.at+1 >= held {
			t.Fatalf("seed %d: overtaken at %d, but the ring holds from %d", seed, m.at, held)
		}
		*m = reader{cursor: m.cursor.ring.Live(), at: last}
	case err != nil:
		t.Fatal(err)
	}
}

func BenchmarkAppendWithWaitingReaders(b *testing.B) {
	r := New[int](65536, 64<<20)
	r.Begin(0)
	for range 100 {
		c := r.Live()
		go func() {
			buffer := make([]int, 0, 256)
			for {
				if _, err := c.Next(b.Context(), buffer); err != nil {
					return
				}
			}
		}()
	}
	sequence := uint64(0)
	for b.Loop() {
		sequence++
		r.Append(sequence, 1, 500)
	}
}

// filled returns a ring of 16 that saw first to last.
func filled(t *testing.T, first, last uint64) *Ring[string] {
	t.Helper()
	r := New[string](16, 1000)
	r.Begin(first - 1)
	for s := first; s <= last; s++ {
		r.Append(s, strconv.FormatUint(s, 10), 1)
	}
	return r
}

func expectNext(t *testing.T, c *Cursor[string], want ...string) {
	t.Helper()
	got, err := c.Next(t.Context(), make([]string, 0, 99))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
}

func expectReset(t *testing.T, c *Cursor[string], sequence uint64) {
	t.Helper()
	_, err := c.Next(t.Context(), make([]string, 0, 99))
	var reset *Reset
	if !errors.As(err, &reset) || reset.Sequence != sequence {
		t.Fatalf("got %v, want a reset to %d", err, sequence)
	}
}
