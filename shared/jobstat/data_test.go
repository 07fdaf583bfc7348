package jobstat

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/google/uuid"
)

// some are statistics of so many runs.
func some(runs int) *Stats {
	s := &Stats{}
	for n := range runs {
		end := took(noon.Add(time.Duration(n)*time.Hour), rand.Float64())
		s.Count(end.as(carillon.States()[3+rand.IntN(7)]))
	}
	return s
}

func TestWhatIsStoredComesBack(t *testing.T) {
	t.Parallel()
	for runs := range 50 {
		s := some(runs)
		restored, err := Read(s.JobID, s.Data())
		if err != nil {
			t.Fatal(err)
		}
		if diff := alike(s, restored); diff != "" {
			t.Fatalf("%d runs: %s", runs, diff)
		}
	}
}

func TestWhatIsCutOffOrOfAnotherVersionIsAnError(t *testing.T) {
	t.Parallel()
	whole := some(3).Data()
	for n := range len(whole) {
		if _, err := Read(uuid.Nil, whole[:n]); err == nil && n < len(whole)-8*8 {
			t.Errorf("%d of %d bytes were taken", n, len(whole))
		}
	}
	whole[0]++
	if _, err := Read(uuid.Nil, whole); !errors.Is(err, ErrUnreadable) {
		t.Error("another version was taken")
	}
}

func TestRowsAreSmall(t *testing.T) {
	t.Parallel()
	s := some(1000)
	if n, most := len(s.Data()), 850; n > most {
		t.Errorf("%d bytes, want at most %d", n, most)
	}
}
