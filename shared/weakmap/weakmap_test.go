package weakmap

import (
	"runtime"
	"testing"
)

func TestWhatIsInUseIsFound(t *testing.T) {
	t.Parallel()
	var m Map[string, [64]byte]
	if m.Get("a") != nil {
		t.Error("an empty map holds something")
	}
	first, second := new([64]byte), new([64]byte)
	m.Put("a", first)
	m.Put("b", second)
	if m.Get("a") != first || m.Get("b") != second || m.Get("c") != nil {
		t.Error("not what was put in")
	}
	m.Put("a", second)
	if m.Get("a") != second {
		t.Error("not what was put in last")
	}
}

func TestWhatIsOutOfUseIsForgotten(t *testing.T) {
	t.Parallel()
	var m Map[int, [64]byte]
	kept := new([64]byte)
	m.Put(-1, kept)
	for i := range 100_000 {
		m.Put(i, new([64]byte))
		if i%1000 == 0 {
			runtime.GC()
		}
	}
	if n := len(m.entries); n > 10_000 {
		t.Errorf("%d entries, of which one is in use", n)
	}
	if m.Get(-1) != kept {
		t.Error("forgot what is in use")
	}
}
