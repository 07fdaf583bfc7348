package topology

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

// ControlsBucket is the key-value bucket of what runners are told while they
// work: which runs are cancelled, as wire.Cancel, and which hosts are left alone,
// as wire.Cooldown.
const ControlsBucket = "controls"

// The bucket as the stream that it is, for those who follow it.
const (
	ControlsStream = "KV_" + ControlsBucket
	AllCancels     = controlPrefix + "cancel.>"
	AllCooldowns   = controlPrefix + cooldown + "*"
)

const controlPrefix = "$KV." + ControlsBucket + "."

// ControlTTL is how long a control is kept. Runners act on it at once; it has to
// last for those that come later, and for what none of them could reach. The
// longest that a run can be out of reach is a retry's wait, a day at most; the
// second day is for its wait in a queue after that.
const ControlTTL = 48 * time.Hour

// mostControls bounds the bucket, and with it what a runner remembers: about
// 200,000 cancellations. Beyond it the server refuses more.
const mostControls = 64 << 20

// Cooldown is the subject of [ControlsStream] for how long a host is left alone.
// The host is hashed, for it can hold what a key must not.
func Cooldown(host string) string {
	sum := sha256.Sum256([]byte(host))
	return controlPrefix + cooldown + hex.EncodeToString(sum[:16])
}

const cooldown = "cooldown."

// CancelRunKey is the key under which a run is cancelled.
func CancelRunKey(run uuid.UUID) string { return cancelRun + run.String() }

// CancelJobKey is the key under which the earlier runs of a job are cancelled.
// A newer value says all that an older one said.
func CancelJobKey(job uuid.UUID) string { return cancelJob + job.String() }

// CancelJobSubject is the subject of [ControlsStream] that a value under
// [CancelJobKey] is published to, for those who cannot wait for the bucket.
func CancelJobSubject(job uuid.UUID) string { return controlPrefix + CancelJobKey(job) }

const (
	cancelRun = "cancel.run."
	cancelJob = "cancel.job."
)

// CancelledRun is the run in a subject of [AllCancels] that cancels one.
func CancelledRun(subject string) (run uuid.UUID, ok bool) { return controlled(subject, cancelRun) }

// CancelledJob is the job in a subject of [AllCancels] that cancels its
// earlier runs.
func CancelledJob(subject string) (job uuid.UUID, ok bool) { return controlled(subject, cancelJob) }

// controlled reads an id as its constructor writes it, and in no other form:
// two spellings of one id would be two keys.
func controlled(subject, prefix string) (uuid.UUID, bool) {
	text, ok := strings.CutPrefix(subject, controlPrefix+prefix)
	id, err := uuid.Parse(text)
	return id, ok && err == nil && id.String() == text
}

// ParkedRun matches the parked retry of a run, or its wait for a callback.
func ParkedRun(job, run uuid.UUID) string { return parked(job, run.String()) }

// ParkedRuns matches all that [ParkedRun] matches for the runs of a job.
func ParkedRuns(job uuid.UUID) string { return parked(job, "*") }

func parked(job uuid.UUID, run string) string {
	return "run." + partition(job) + "." + job.String() + ".*.retry." + run
}

func controls() jetstream.KeyValueConfig {
	return jetstream.KeyValueConfig{
		Bucket: ControlsBucket, TTL: ControlTTL, History: 1, MaxBytes: mostControls, Storage: jetstream.FileStorage,
	}
}
