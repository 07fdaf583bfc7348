package jobstat

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestQuantilesAreWithinFivePercent(t *testing.T) {
	t.Parallel()
	for name, draw := range map[string]func() float64{
		"even":      func() float64 { return 0.001 + rand.Float64() },
		"spread":    func() float64 { return math.Exp(20*rand.Float64() - 9) },
		"all alike": func() float64 { return 0.25 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := make([]float64, 20_000)
			var s Sketch
			for i := range values {
				values[i] = draw()
				s = s.add(values[i], 1)
			}
			slices.Sort(values)
			for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.99, 1} {
				want := values[max(int(math.Ceil(q*float64(len(values))))-1, 0)]
				if got, known := s.Quantile(q); !known || math.Abs(got-want) > 0.05*want {
					t.Errorf("quantile %v is %v, want %v", q, got, want)
				}
			}
		})
	}
}

func TestExtremesHaveABucket(t *testing.T) {
	t.Parallel()
	for value, want := range map[float64]float64{-3: 0, 0: 0, 1e-5: 0, 1e12: valueOf(lastBucket)} {
		if got, known := Sketch(nil).add(value, 1).Quantile(0.5); !known || got != want {
			t.Errorf("%v is read as %v, want %v", value, got, want)
		}
	}
	if _, known := Sketch(nil).Quantile(0.5); known {
		t.Error("an empty sketch has a median")
	}
}

func TestWhatIsTakenOutIsGone(t *testing.T) {
	t.Parallel()
	s := Sketch(nil).add(1, 0.3).add(5, 1.7).add(1, 0.1)
	s = s.add(1, -0.3).add(1, -0.1)
	if got, _ := s.Quantile(0); math.Abs(got-5) > 0.25 || len(s) != entrySize {
		t.Errorf("the least is %v in %d bytes, want 5 in %d", got, len(s), entrySize)
	}
}

func TestWhatIsOldIsForgotten(t *testing.T) {
	t.Parallel()
	s := Sketch(nil).add(1, 1).scale(-10).add(5, 1)
	if got, _ := s.Quantile(0.0005); math.Abs(got-1) > 0.05 {
		t.Errorf("ten weeks later the least is %v, want 1", got)
	}
	if s = s.scale(-11); len(s) != entrySize {
		t.Errorf("21 weeks later a single run still takes %d bytes", len(s)-entrySize)
	}
}

func TestASketchThatWasCutOffIsReadAsFarAsItGoes(t *testing.T) {
	t.Parallel()
	whole := Sketch(nil).add(1, 1)
	want, _ := whole.Quantile(0.95)
	cut := append(slices.Clone(whole), 200, 1)
	if got, known := cut.Quantile(0.95); !known || got != want || cut.total() != whole.total() {
		t.Errorf("%v, %t, weight %v", got, known, cut.total())
	}
}
