package wire_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/uuid"
)

// fire is a fire of a job: where a mark can stand.
type fire struct {
	at  time.Time
	job uuid.UUID
}

func (f fire) mark() wire.Mark { return wire.Mark{Reach: wire.Reach{At: f.at, Job: f.job}} }

// key is the naive oracle: texts that sort as fires do.
func (f fire) key() string {
	return f.at.UTC().Format("20060102150405.000000000") + f.job.String()
}

func TestMarkCoversWhatSortsUpToIt(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var fires []fire
	for range 300 { // a herd of many jobs at few instants, given in several zones
		zone := time.FixedZone("", (random.IntN(25)-12)*60*60)
		var job uuid.UUID
		job[0], job[15] = byte(random.IntN(4)<<6), byte(random.IntN(4)<<6)
		fires = append(fires, fire{noon.Add(time.Duration(random.IntN(5) - 2)).In(zone), job})
	}
	for _, stands := range fires {
		for _, f := range fires {
			checkOrder(t, stands, f)
		}
	}
}

func checkOrder(t *testing.T, a, b fire) {
	t.Helper()
	if got, want := a.mark().Covers(b.at, b.job), b.key() <= a.key(); got != want {
		t.Errorf("mark at %s covers %s: %t, want %t", a.key(), b.key(), got, want)
	}
}

// For any two fires, the mark of one covers the other; both do only where they
// are the same.
func FuzzMarkIsATotalOrder(f *testing.F) {
	f.Add(int64(0), []byte("0123456789abcdef"), int64(0), []byte("0123456789abcdef"))
	f.Add(int64(1), []byte("0123456789abcdef"), int64(0), []byte("1123456789abcdef"))
	f.Add(int64(1<<62), []byte{255}, int64(-1<<62), []byte{})
	f.Fuzz(func(t *testing.T, atA int64, jobA []byte, atB int64, jobB []byte) {
		a, b := fire{at: time.Unix(0, atA)}, fire{at: time.Unix(0, atB)}
		copy(a.job[:], jobA)
		copy(b.job[:], jobB)
		checkOrder(t, a, b)
		checkOrder(t, b, a)
		over, under := a.mark().Covers(b.at, b.job), b.mark().Covers(a.at, a.job)
		if !over && !under || (over && under) != (a.key() == b.key()) {
			t.Errorf("%s covers %s: %t; the other way round: %t", a.key(), b.key(), over, under)
		}
	})
}

// A mark is written and read by different processes and has to stand where it stood.
func TestMarkStandsWhereItStoodAfterTheWire(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{noon, noon.In(time.FixedZone("", 3600)), time.Unix(0, 1).UTC(), {}} {
		want := wire.Mark{Reach: wire.Reach{At: at, Job: uuid.New()}}
		got, err := wire.Decode[wire.Mark](wire.Encode(want))
		if err != nil || !got.At.Equal(want.At) || !got.Covers(want.At, want.Job) || !want.Covers(got.At, got.Job) {
			t.Errorf("sent %v, got %v, %v", want, got, err)
		}
	}
}
