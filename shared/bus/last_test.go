package bus_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func TestTheLastMessageOfAFamilyOfSubjects(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Connect()
	if _, err := bus.Last(t.Context(), js.Conn(), "NOTES", "note.>"); err == nil || errors.Is(err, jetstream.ErrMsgNotFound) {
		t.Errorf("without a stream: %v", err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "NOTES", Subjects: []string{"note.>"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := bus.Last(t.Context(), js.Conn(), "NOTES", "note.>"); !errors.Is(err, jetstream.ErrMsgNotFound) {
		t.Errorf("of an empty stream: %v", err)
	}
	for _, msg := range []*nats.Msg{
		{Subject: "note.a.1", Data: []byte("one"), Header: nats.Header{"lower-case": {"x"}}}, {Subject: "note.a.2", Data: []byte("two")}, {Subject: "note.b", Data: []byte("three")},
	} {
		if _, err := js.PublishMsg(t.Context(), msg); err != nil {
			t.Fatal(err)
		}
	}
	for filter, want := range map[string]string{"note.>": "three", "note.a.*": "two", "note.a.1": "one"} {
		got, err := bus.Last(t.Context(), js.Conn(), "NOTES", filter)
		if err != nil || string(got.Data) != want {
			t.Errorf("%s: %+v, %v", filter, got, err)
		}
	}
	got, err := bus.Last(t.Context(), js.Conn(), "NOTES", "note.a.1")
	if err != nil || got.Subject != "note.a.1" || got.Sequence != 1 || got.Header.Get("lower-case") != "x" {
		t.Errorf("%+v, %v", got, err)
	}
	checkNext(t, js)
}

// checkNext reads all that there is, with one message gone from the middle.
func checkNext(t *testing.T, js jetstream.JetStream) {
	t.Helper()
	stream, err := js.Stream(t.Context(), "NOTES")
	if err == nil {
		err = stream.DeleteMsg(t.Context(), 2)
	}
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	msg, err := bus.Next(t.Context(), js.Conn(), "NOTES", "note.>", 1)
	for ; err == nil; msg, err = bus.Next(t.Context(), js.Conn(), "NOTES", "note.>", msg.Sequence+1) {
		all = append(all, string(msg.Data))
	}
	if !slices.Equal(all, []string{"one", "three"}) || !errors.Is(err, jetstream.ErrMsgNotFound) {
		t.Errorf("read %v, %v", all, err)
	}
}
