package wire_test

import (
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/go-cmp/cmp"
)

func TestACancelIsReadAsWritten(t *testing.T) {
	t.Parallel()
	for _, want := range []wire.Cancel{
		{JobID: carillon.NewJobID(), Before: noon, At: noon.Add(time.Second), Reason: "replaced by a later fire"},
		{JobID: carillon.NewJobID(), At: noon, Reason: "cancelled by \"é\"\x00\n"},
		{},
	} {
		got, err := wire.Decode[wire.Cancel](wire.Encode(want))
		if err != nil || !cmp.Equal(want, got) {
			t.Errorf("%v\n%s", err, cmp.Diff(want, got))
		}
	}
}

func TestACancelOfAJobMeansEarlierRuns(t *testing.T) {
	t.Parallel()
	cancel := wire.Cancel{Before: noon, At: noon.Add(time.Second)}
	for name, c := range map[string]struct {
		fire, planned time.Duration
		want          bool
	}{
		"earlier":                           {-1, 0, true},
		"planned at the very instant":       {-1, time.Second, true},
		"the fire that replaces":            {0, 0, false},
		"later":                             {time.Second, time.Second, false},
		"of the past, but planned after it": {-time.Hour, time.Second + 1, false},
	} {
		if got := cancel.Covers(&wire.Run{FireTime: noon.Add(c.fire), PlannedAt: noon.Add(c.planned)}); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if (&wire.Cancel{At: noon}).Covers(&wire.Run{}) {
		t.Error("without an instant it means a run")
	}
}
