package topology_test

import (
	"strings"
	"testing"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/natsserver/natstest"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/google/uuid"
)

const inBucket = "$KV." + topology.ControlsBucket + "."

func TestControlsAreKeptInTheirBucket(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Streams()
	bucket, err := js.KeyValue(t.Context(), topology.ControlsBucket)
	if err != nil {
		t.Fatal(err)
	}
	run, job := uuid.New(), carillon.NewJobID()
	for _, key := range []string{topology.CancelRunKey(run), topology.CancelJobKey(job)} {
		if _, err := bucket.Put(t.Context(), key, []byte("first")); err != nil {
			t.Fatal(err)
		}
		if _, err := bucket.Put(t.Context(), key, []byte("second")); err != nil {
			t.Fatal(err)
		}
		if !matches(t, js, topology.ControlsStream, topology.AllCancels, inBucket+key) {
			t.Errorf("%s is not there once", key)
		}
	}
	if _, err := js.Publish(t.Context(), topology.CancelJobSubject(job), []byte("third")); err != nil {
		t.Fatal(err)
	}
	if entry, err := bucket.Get(t.Context(), topology.CancelJobKey(job)); err != nil || string(entry.Value()) != "third" {
		t.Errorf("what was published is not under its key: %v, %v", entry, err)
	}
	if got, ok := topology.CancelledRun(inBucket + topology.CancelRunKey(run)); !ok || got != run {
		t.Errorf("got %s, %t; want %s", got, ok, run)
	}
	if got, ok := topology.CancelledJob(inBucket + topology.CancelJobKey(job)); !ok || got != job {
		t.Errorf("got %s, %t; want %s", got, ok, job)
	}
}

func TestOnlyControlsAreReadAsControls(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	run, job := inBucket+topology.CancelRunKey(id), inBucket+topology.CancelJobKey(id)
	if _, ok := topology.CancelledJob(run); ok {
		t.Error("a run was read as a job")
	}
	if _, ok := topology.CancelledRun(job); ok {
		t.Error("a job was read as a run")
	}
	for _, subject := range []string{
		"", inBucket, topology.CancelRunKey(id), run + ".", run + "x", strings.ToUpper(run), "x" + run,
		inBucket + "cancel.run.", inBucket + "cancel.run." + strings.ReplaceAll(id.String(), "-", ""),
		inBucket + "cancel.run.{" + id.String() + "}", inBucket + "cancel.run.urn:uuid:" + id.String(),
	} {
		if got, ok := topology.CancelledRun(subject); ok {
			t.Errorf("%q: read as %s", subject, got)
		}
	}
}

func TestParkedRetriesAreFound(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t).Streams()
	job, other, run := carillon.NewJobID(), carillon.NewJobID(), uuid.New()
	for _, c := range []struct {
		subject        string
		ofRun, ofOther bool
		ofJob          bool
	}{
		{topology.Retry(job, "low", run), true, false, true},
		{topology.Retry(job, "retry", run), true, false, true},
		{topology.Retry(job, "low", uuid.New()), false, false, true},
		{topology.Ready(job, "low"), false, false, false},
		{topology.Ready(job, "retry"), false, false, false},
		{topology.Retry(other, "low", run), false, true, false},
	} {
		if _, err := js.Publish(t.Context(), c.subject, nil); err != nil {
			t.Fatal(err)
		}
		for filter, want := range map[string]bool{
			topology.ParkedRun(job, run): c.ofRun, topology.ParkedRun(other, run): c.ofOther, topology.ParkedRuns(job): c.ofJob,
		} {
			if got := matches(t, js, topology.RunsStream, filter, c.subject); got != want {
				t.Errorf("%s matches %s: %t, want %t", filter, c.subject, got, want)
			}
		}
	}
}
