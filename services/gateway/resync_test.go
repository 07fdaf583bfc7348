package gateway

import (
	"fmt"
	"testing"

	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/services/gateway/internal/pausestore"
	"github.com/carillon-cron/carillon/services/gateway/internal/queuestore"
	"github.com/carillon-cron/carillon/services/gateway/internal/resync"
	"github.com/carillon-cron/carillon/services/gateway/internal/secretstore"
	"github.com/carillon-cron/carillon/shared/eventually"
	"github.com/carillon-cron/carillon/shared/seal"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/carillon-cron/carillon/shared/wire"
	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"
)

func (w *world) halt(t *testing.T) {
	t.Helper()
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
}

func (w *world) restart(t *testing.T) {
	t.Helper()
	w.start(t)
	w.awaitReady(t)
}

// awaitEmptyOutbox waits until everything has been published.
func (w *world) awaitEmptyOutbox(t *testing.T) {
	t.Helper()
	eventually.Succeeds(t, func() error {
		if n := w.count(t, `SELECT count(*) FROM outbox`); n != 0 {
			return fmt.Errorf("%d messages are left in the outbox", n)
		}
		return nil
	})
}

func (w *world) messages(t *testing.T) uint64 {
	t.Helper()
	stream, err := w.js.Stream(t.Context(), topology.JobsStream)
	if err != nil {
		t.Fatal(err)
	}
	return stream.CachedInfo().State.LastSeq
}

// TestAResyncBringsBackWhatJOBSHasLost as no news: planners have planned it.
func TestAResyncBringsBackWhatJOBSHasLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lost := w.create(t, document("lost"))
	for _, verb := range []string{"pause", "resume", "pause"} {
		w.setPaused(t, verb, object{"namespace": "billing"})
	}
	w.setPaused(t, "pause", nil)
	want := append(w.publishedPauses(t, "billing", 3), w.publishedPauses(t, "", 1)...)
	w.awaitEmptyOutbox(t)
	w.halt(t)
	if err := w.js.DeleteStream(t.Context(), topology.JobsStream); err != nil {
		t.Fatal(err)
	}
	w.restart(t)
	if got, _ := w.published(t, lost.ID, 1); !cmp.Equal(got, wire.Definition{Job: lost, Republished: true}) {
		t.Errorf("%+v", got)
	}
	for i := range want {
		want[i].Republished = true
	}
	got := append(w.publishedPauses(t, "billing", 3), w.publishedPauses(t, "", 1)...)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if news, _ := w.published(t, w.create(t, document("news")).ID, 1); news.Republished {
		t.Errorf("%+v", news)
	}
	w.awaitEmptyOutbox(t)
	before := w.messages(t)
	w.halt(t)
	w.restart(t)
	w.awaitEmptyOutbox(t)
	if after := w.messages(t); after != before {
		t.Errorf("a second resync published %d messages", after-before)
	}
}

// TestAResyncBringsBackTheEndOfAPause has a stream that was restored from before.
func TestAResyncBringsBackTheEndOfAPause(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, verb := range []string{"pause", "resume", "pause", "resume"} {
		w.setPaused(t, verb, object{"namespace": "billing"})
	}
	all := w.publishedPauses(t, "billing", 4)
	w.awaitEmptyOutbox(t)
	w.halt(t)
	stream, err := w.js.Stream(t.Context(), topology.JobsStream)
	if err == nil {
		err = stream.Purge(t.Context())
	}
	for _, pause := range all[:2] {
		if err == nil {
			_, err = w.js.Publish(t.Context(), topology.Pause("billing"), wire.Encode(pause))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	w.restart(t)
	all[2].Republished, all[3].Republished = true, true
	if diff := cmp.Diff(all, w.publishedPauses(t, "billing", 4)); diff != "" {
		t.Error(diff)
	}
}

// TestAResyncLeavesToTheRelayWhatWaits, for that is news.
func TestAResyncLeavesToTheRelayWhatWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	edited, deleted := w.create(t, document("edited")), w.create(t, document("deleted"))
	w.awaitEmptyOutbox(t)
	w.nats.Stop()
	created := w.create(t, document("created"))
	into[object](t, w.call(t, "PATCH", "/api/v1/jobs/"+edited.ID.String(), object{"paused": true}), 200)
	into[object](t, w.call(t, "DELETE", "/api/v1/jobs/"+deleted.ID.String(), nil), 204)
	w.setPaused(t, "pause", object{"namespace": "billing"})
	w.halt(t)
	w.startNATS(t)
	eventually.Succeeds(t, func() error { _, err := w.js.AccountInfo(t.Context()); return err })

	const waiting = `SELECT count(*) FROM outbox`
	before := w.count(t, waiting)
	written := func() { t.Error("something was put into the outbox") }
	_, err := resync.Run(t.Context(), w.js, resync.Stores{
		Jobs: jobstore.New(w.pool, written), Queues: queuestore.New(w.pool, written), Pauses: pausestore.New(w.pool, written),
		Secrets: secretstore.New(w.pool, &seal.Keys{}, written),
	})
	if after := w.count(t, waiting); err != nil || before != 4 || after != before {
		t.Errorf("%d messages wait, %d before, %v", after, before, err)
	}
	w.restart(t)
	if got, _ := w.published(t, created.ID, 1); got.Republished {
		t.Errorf("%+v", got)
	}
	if got, _ := w.published(t, edited.ID, 2); got.Republished || !got.Paused {
		t.Errorf("%+v", got)
	}
	if got, _ := w.published(t, deleted.ID, 2); got.Republished || !got.Deleted {
		t.Errorf("%+v", got)
	}
	if got := w.publishedPauses(t, "billing", 1)[0]; got.Republished {
		t.Errorf("%+v", got)
	}
}

// TestAResyncTellsTheLostFromTheWaiting of one pause.
func TestAResyncTellsTheLostFromTheWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setPaused(t, "pause", object{"namespace": "billing"})
	w.publishedPauses(t, "billing", 1)
	w.awaitEmptyOutbox(t)
	w.nats.Stop()
	w.setPaused(t, "resume", object{"namespace": "billing"})
	w.halt(t)
	w.startNATS(t)
	eventually.Succeeds(t, func() error { return w.js.DeleteStream(t.Context(), topology.JobsStream) })
	w.restart(t)
	for _, pause := range w.publishedPauses(t, "billing", 2) {
		if lost := pause.Revision == 1; lost != pause.Republished || lost != pause.Paused {
			t.Errorf("%+v", pause)
		}
	}
}

// TestAPauseThatTheDatabaseDoesNotKnowEnds, where it was restored from before:
// nobody could resume what the API says is not paused.
func TestAPauseThatTheDatabaseDoesNotKnowEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setPaused(t, "pause", object{"namespace": "billing"})
	forgotten := w.publishedPauses(t, "billing", 1)[0]
	w.awaitEmptyOutbox(t)
	w.halt(t)
	w.exec(t, `DELETE FROM pauses`)
	w.restart(t)
	got := w.publishedPauses(t, "billing", 2)[1]
	if got.Paused || got.Revision != 2 || got.Republished || !got.EffectiveFrom.After(forgotten.EffectiveFrom) {
		t.Errorf("%+v", got)
	}
	if again := w.setPaused(t, "pause", object{"namespace": "billing"}); again.Revision != 3 {
		t.Errorf("%+v", again)
	}
}

// TestAResyncBesideAGateway finds what is lost, and finds it once.
func TestAResyncBesideAGateway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lost := w.create(t, document("lost"))
	w.awaitEmptyOutbox(t)
	stream, err := w.js.Stream(t.Context(), topology.JobsStream)
	if err == nil {
		err = stream.Purge(t.Context(), jetstream.WithPurgeSubject(topology.Job(lost.ID)))
	}
	if err != nil {
		t.Fatal(err)
	}
	config := ResyncConfig{NATS: w.config.NATS, Postgres: w.config.Postgres}
	for _, want := range []Republished{{Jobs: 1}, {}} {
		if got, err := Resync(t.Context(), config); err != nil || got != want {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
		w.awaitEmptyOutbox(t)
	}
	if got, _ := w.published(t, lost.ID, 1); !got.Republished {
		t.Errorf("%+v", got)
	}
	config.NATS.URL = "nats://127.0.0.1:1"
	if _, err := Resync(t.Context(), config); err == nil {
		t.Error("it does without NATS")
	}
}
