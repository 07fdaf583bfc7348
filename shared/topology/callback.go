package topology

import (
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

// CallbacksBucket is the key-value bucket of how waits for callbacks ended. Its
// values are wire.Report, each with a time of its own for which it is kept; and,
// under [CallbackSecretKey], the secret that the tokens of callbacks are made
// with.
const CallbacksBucket = "callbacks"

// CallbacksStream is the bucket as the stream that it is.
const CallbacksStream = "KV_" + CallbacksBucket

// CallbackSecretKey is the key of the tokens' secret.
const CallbackSecretKey = "secret"

// mostCallbacks bounds the bucket: about two million reports. Beyond it the
// server refuses more, and targets have to call back again.
const mostCallbacks = 512 << 20

// reportMarkerTTL is how long the server remembers that a report has expired.
const reportMarkerTTL = time.Minute

// CallbackKey is the key of the report on an attempt of a run.
func CallbackKey(run uuid.UUID, attempt int) string {
	return run.String() + "." + strconv.Itoa(attempt)
}

// CallbackSubject is the subject of [CallbacksStream] that a value under a key is
// published to.
func CallbackSubject(key string) string { return "$KV." + CallbacksBucket + "." + key }

func callbacks() jetstream.KeyValueConfig {
	return jetstream.KeyValueConfig{
		Bucket: CallbacksBucket, LimitMarkerTTL: reportMarkerTTL, History: 1, MaxBytes: mostCallbacks, Storage: jetstream.FileStorage,
	}
}
