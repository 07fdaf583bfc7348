package bus_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/nats-io/nats.go/jetstream"
)

// letters is a stream with one message per subject, like JOBS.
func letters(t *testing.T, server *natstest.Server) jetstream.JetStream {
	t.Helper()
	js := server.Connect()
	config := jetstream.StreamConfig{Name: "LETTERS", Subjects: []string{"letter.*", "other"}, MaxMsgsPerSubject: 1}
	if _, err := js.CreateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	return js
}

func post(t *testing.T, js jetstream.JetStream, subject, text string) {
	t.Helper()
	if _, err := js.Publish(t.Context(), subject, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// reader keeps what a follower sees.
type reader struct {
	mu   sync.Mutex
	seen []string
	last uint64
	err  error
}

func (r *reader) read(e bus.Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.Sequence <= r.last {
		r.err = fmt.Errorf("%s at %d came after %d", e.Subject, e.Sequence, r.last)
	}
	r.last = e.Sequence
	r.seen = append(r.seen, strings.TrimPrefix(e.Subject, "letter.")+string(e.Data))
}

func (r *reader) has(want ...string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.seen, want) {
		return fmt.Errorf("saw %v, want %v", r.seen, want)
	}
	return r.err
}

func follow(t *testing.T, js jetstream.JetStream) (*reader, func()) {
	t.Helper()
	var r reader
	stop, err := bus.Follow(t.Context(), js, "LETTERS", "letter.*", r.read)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return &r, stop
}

func TestFollowAnEmptyPast(t *testing.T) {
	t.Parallel()
	js := letters(t, natstest.Start(t))
	post(t, js, "other", "not followed")
	r, _ := follow(t, js)
	if err := r.has(); err != nil {
		t.Error(err)
	}
	post(t, js, "letter.a", "1")
	eventually.Succeeds(t, func() error { return r.has("a1") })
}

func TestFollowSeesTheNewestOfThePast(t *testing.T) {
	t.Parallel()
	js := letters(t, natstest.Start(t))
	for _, version := range []string{"1", "2"} {
		for _, name := range []string{"a", "b", "c"} {
			post(t, js, "letter."+name, version)
		}
	}
	post(t, js, "other", "not followed")
	post(t, js, "letter.a", "3")
	r, _ := follow(t, js)
	if err := r.has("b2", "c2", "a3"); err != nil { // at once: Follow has waited for them
		t.Error(err)
	}
}

// A stream may keep several messages per subject, as JOBS does.
func TestFollowSeesAllOfThePast(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Connect()
	config := jetstream.StreamConfig{Name: "LETTERS", Subjects: []string{"letter.*", "other"}, MaxMsgsPerSubject: 2}
	if _, err := js.CreateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"1", "2", "3"} {
		post(t, js, "letter.a", version)
		post(t, js, "letter.b", version)
	}
	r, _ := follow(t, js)
	if err := r.has("a2", "b2", "a3", "b3"); err != nil {
		t.Error(err)
	}
	var writing sync.WaitGroup // which replaces messages of the past before their turn
	writing.Go(func() {
		for i := range 2000 {
			_, _ = js.PublishAsync(fmt.Sprintf("letter.%d", i%10), nil)
		}
		<-js.PublishAsyncComplete()
	})
	for range 5 {
		follow(t, js)
	}
	writing.Wait()
}

func TestFollowAPastThatIsGone(t *testing.T) {
	t.Parallel()
	js := letters(t, natstest.Start(t))
	post(t, js, "letter.a", "1")
	post(t, js, "other", "1")
	stream, err := js.Stream(t.Context(), "LETTERS")
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	post(t, js, "other", "2")
	r, _ := follow(t, js)
	if err := r.has(); err != nil {
		t.Error(err)
	}
}

func TestFollowSeesALargePast(t *testing.T) {
	t.Parallel()
	js := letters(t, natstest.Start(t))
	const n = 5000 // more than the client fetches at a time
	var want []string
	for i := range n {
		if _, err := js.PublishAsync(fmt.Sprintf("letter.%d", i), []byte("-"), jetstream.WithStallWait(time.Minute)); err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprintf("%d-", i))
	}
	<-js.PublishAsyncComplete()
	r, _ := follow(t, js)
	if err := r.has(want...); err != nil {
		t.Errorf("%.200v", err)
	}
}

func TestFollowSeesChangesInOrder(t *testing.T) {
	t.Parallel()
	js := letters(t, natstest.Start(t))
	post(t, js, "letter.a", "0")
	r, stop := follow(t, js)
	want := []string{"a0"}
	for i := range 100 {
		post(t, js, "letter.a", fmt.Sprint(i))
		want = append(want, fmt.Sprintf("a%d", i))
		eventually.Succeeds(t, func() error { return r.has(want...) })
	}
	stop()
	post(t, js, "letter.a", "unseen")
	again, _ := follow(t, js) // has the message, so the stopped one would have had it
	if err := errors.Join(again.has("aunseen"), r.has(want...)); err != nil {
		t.Error(err)
	}
}

// While jobs change all the time, the past has no last message that would say
// that it is the last.
func TestFollowReturnsUnderChanges(t *testing.T) {
	t.Parallel()
	js := letters(t, natstest.Start(t))
	for round := range 30 {
		var writing sync.WaitGroup
		writing.Go(func() {
			for i := range 200 {
				_, _ = js.PublishAsync(fmt.Sprintf("letter.%d", i%20), nil)
			}
			<-js.PublishAsyncComplete()
		})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		stop, err := bus.Follow(ctx, js, "LETTERS", "letter.*", func(bus.Entry) {})
		cancel()
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		writing.Wait()
		stop()
	}
}

// What was the last message of the past may be gone before the follower gets there.
func TestFollowReturnsThoughThePastShrinks(t *testing.T) {
	t.Parallel()
	js := letters(t, natstest.Start(t))
	const n = 2000
	for i := range n {
		if _, err := js.PublishAsync(fmt.Sprintf("letter.%d", i), nil); err != nil {
			t.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
	stream, err := js.Stream(t.Context(), "LETTERS")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	stop, err := bus.Follow(ctx, js, "LETTERS", "letter.*", func(e bus.Entry) {
		if e.Sequence == 1 {
			_ = stream.DeleteMsg(ctx, n)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	stop()
}

func TestFollowOutlivesARestart(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	js := letters(t, server)
	post(t, js, "letter.a", "1")
	post(t, js, "letter.b", "1")
	r, _ := follow(t, js)
	server.Stop()
	server.Restart()
	eventually.Succeeds(t, func() error {
		_, err := js.Publish(t.Context(), "letter.a", []byte("2"))
		return err
	})
	eventually.Succeeds(t, func() error { return r.has("a1", "b1", "a2") }) // and nothing twice
}

func TestFollowFailsWithoutItsStream(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Connect()
	_, err := bus.Follow(t.Context(), js, "LETTERS", "letter.*", func(bus.Entry) { t.Error("saw something") })
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestFollowFailsWithoutItsServer(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	js := server.Connect()
	server.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	began := time.Now()
	_, err := bus.Follow(ctx, js, "LETTERS", "letter.*", func(bus.Entry) { t.Error("saw something") })
	if err == nil || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}
