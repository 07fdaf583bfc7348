package ledger

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStraysAreKeptOnceAndAsTheyCame(t *testing.T) {
	t.Parallel()
	pool := database(t)
	l := New(pool)
	strays := []Stray{
		{StoredAt: noon, Sequence: 7, Subject: "outcome.a", Reason: "no \xff sense\x00", Body: []byte("a\x00b")},
		{StoredAt: noon.Add(time.Hour), Sequence: 7, Subject: "outcome.b", Reason: "too long", Body: []byte(strings.Repeat("x", 2*mostBody))},
	}
	for try, want := range []int{2, 0} {
		if kept, err := l.SetAside(t.Context(), strays); err != nil || kept != want {
			t.Errorf("try %d kept %d, want %d (%v)", try, kept, want, err)
		}
	}
	got := read(t, pool, "SELECT concat_ws('|', subject, reason, length(body)) FROM set_aside_events ORDER BY stored_at")
	if diff := cmp.Diff([]string{"outcome.a|no \uFFFD sense\uFFFD|3", "outcome.b|too long|16384"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestStraysAreBoundedInNumberAndAge(t *testing.T) {
	t.Parallel()
	pool := database(t)
	l := New(pool)
	many := make([]Stray, mostStrays)
	for n := range many {
		many[n] = Stray{StoredAt: noon, Sequence: uint64(n)}
	}
	late := []Stray{{StoredAt: noon, Sequence: mostStrays}}
	for n, strays := range [][]Stray{many, late} {
		if kept, err := l.SetAside(t.Context(), strays); err != nil || (kept == len(strays)) != (n == 0) {
			t.Errorf("%d of %d kept (%v)", kept, len(strays), err)
		}
	}
	if err := l.Tidy(t.Context(), time.Now().Add(strayAge+time.Minute)); err != nil {
		t.Fatal(err)
	}
	if kept, err := l.SetAside(t.Context(), late); err != nil || kept != 1 {
		t.Errorf("%d kept in the end (%v)", kept, err)
	}
}
