package bus_test

import (
	"errors"
	"testing"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/nats-io/nats.go/jetstream"
)

func TestRefusedTellsAnExpectationThatDidNotHold(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Streams()
	if _, err := js.Publish(t.Context(), "mark.0", nil, jetstream.WithExpectLastSequencePerSubject(7)); !bus.Refused(err) {
		t.Errorf("a wrong expectation: %v", err)
	}
	if _, err := js.Publish(t.Context(), "nowhere", nil); bus.Refused(err) {
		t.Errorf("no stream: %v", err)
	}
	if bus.Refused(nil) || bus.Refused(errors.New("something else")) {
		t.Error("what was never checked counts as refused")
	}
}
