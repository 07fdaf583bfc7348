package backup

import (
	"slices"
	"testing"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/google/uuid"
)

// TestARunThatIsParkedAfterTheChaseIsRead has the end of the chase fixed after the
// first run, and the third one moved behind it before it is read.
func TestARunThatIsParkedAfterTheChaseIsRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job, run := uuid.New(), uuid.New()
	for _, body := range []string{"one", "two", "three"} {
		w.publish(t, topology.Ready(job, "q"), []byte(body))
	}
	var read []string
	err := (&saving{connected: w.connected}).eachRun(t.Context(), 0, func(msg *bus.Stored) error {
		if read = append(read, string(msg.Data)); len(read) != 2 {
			return nil
		}
		w.publish(t, topology.Ready(job, "q"), []byte("new"))
		w.publish(t, topology.Retry(job, "q", run), []byte("three"))
		stream, err := w.js.Stream(t.Context(), topology.RunsStream)
		if err != nil {
			return err
		}
		return stream.DeleteMsg(t.Context(), msg.Sequence+1)
	})
	if want := []string{"one", "two", "three"}; err != nil || !slices.Equal(read, want) {
		t.Errorf("read %v, want %v: %v", read, want, err)
	}
}
