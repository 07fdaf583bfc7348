package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// NATS looks at the NATS server, the streams, and who is at work there.
func NATS(ctx context.Context, config bus.Config) []Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var r report
	config.Options = append(slices.Clip(config.Options), nats.RetryOnFailedConnect(false), nats.MaxReconnects(0), nats.Timeout(patience/4))
	nc, js, err := bus.Connect(config, "doctor")
	if err != nil {
		r.fail("nats", "start NATS, or correct NATS_URL", "cannot be reached: %v", cause(err))
		return r
	}
	defer nc.Close()
	r.natsServer(nc)
	if !r.jetStream(ctx, js) {
		return r
	}
	r.streams(ctx, js, config.Replicas)
	r.planners(ctx, js)
	r.runners(ctx, js)
	r.recorders(ctx, js)
	return r
}

// oldestNATS is the first that knows atomic batches and message schedules.
var oldestNATS = [2]int{2, 12}

func (r *report) natsServer(nc *nats.Conn) {
	version := nc.ConnectedServerVersion()
	var found [2]int
	_, _ = fmt.Sscanf(version, "%d.%d", &found[0], &found[1]) // what cannot be read is too old
	state := OK
	if slices.Compare(found[:], oldestNATS[:]) < 0 {
		state = Fail
	}
	rtt, err := nc.RTT()
	if err != nil {
		r.fail("nats", "look at its log", "connected to %s, which does not answer: %v", nc.ConnectedServerName(), err)
		return
	}
	r.add("nats", state, "run NATS 2.12 or later", "%s, version %s, answers within %s", nc.ConnectedServerName(), version, rtt.Round(time.Millisecond/10))
}

// jetStream reports whether it can be asked.
func (r *report) jetStream(ctx context.Context, js jetstream.JetStream) bool {
	account, err := js.AccountInfo(ctx)
	switch {
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		r.fail("jetstream", "start nats-server with JetStream (-js), and let this account use it", "it is off")
		return false
	case err != nil:
		r.fail("jetstream", "look at the NATS server's log; a cluster needs a majority of its servers", "no answer: %v", err)
		return false
	}
	used, room := account.Store, account.Limits.MaxStore
	if room <= 0 {
		r.ok("jetstream", "on; %s stored, without a limit of this account", size(used))
		return true
	}
	share := float64(used) / float64(room)
	r.add("jetstream", worse(share, 0.7, 0.9), "give the account more storage, or see what waits in RUNS and OUTCOMES", "on; %s of %s stored", size(used), size(uint64(room)))
	return true
}

func size(bytes uint64) string {
	for _, unit := range []string{"B", "KiB", "MiB", "GiB"} {
		if bytes < 10<<10 {
			return fmt.Sprintf("%d %s", bytes, unit)
		}
		bytes >>= 10
	}
	return fmt.Sprintf("%d TiB", bytes)
}

const restart = "restart a gateway: each service makes the streams as they should be when it starts"

// streams says whether they are there, as they should be, with room, and copied.
func (r *report) streams(ctx context.Context, js jetstream.JetStream, replicas int) {
	var whole []string
	for _, wanted := range topology.Streams(replicas) {
		sent := time.Now()
		info, ok := r.stream(ctx, js, wanted.Name)
		if !ok {
			continue
		}
		if wanted.Name == topology.JobsStream {
			r.compareClocks("nats clock", sent, time.Now(), info.TimeStamp, 0)
		}
		part := "stream " + wanted.Name
		if odd := differences(wanted, info.Config); len(odd) > 0 {
			r.fail(part, restart, "it is not as it should be: %s", strings.Join(odd, ", "))
			continue
		}
		if r.copies(part, info.Cluster) && r.room(part, info) {
			whole = append(whole, fmt.Sprintf("%s (%d messages)", wanted.Name, info.State.Msgs))
		}
	}
	for _, bucket := range topology.Buckets(replicas) {
		if info, ok := r.stream(ctx, js, "KV_"+bucket.Bucket); ok && r.copies("bucket "+bucket.Bucket, info.Cluster) {
			whole = append(whole, bucket.Bucket)
		}
	}
	if len(whole) > 0 {
		r.ok("streams", "as they should be: %s", strings.Join(whole, ", "))
	}
}

func (r *report) stream(ctx context.Context, js jetstream.JetStream, name string) (*jetstream.StreamInfo, bool) {
	stream, err := js.Stream(ctx, name)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		r.fail("stream "+name, restart, "there is none")
		return nil, false
	case err != nil:
		r.fail("stream "+name, "look at the NATS server's log; a cluster needs a majority of its servers", "no answer: %v", err)
		return nil, false
	}
	return stream.CachedInfo(), true
}

// differences names what is not as it is wanted, of what promises rest on.
func differences(wanted, found jetstream.StreamConfig) (odd []string) {
	for _, field := range []struct {
		name          string
		wanted, found any
	}{
		{"subjects", fmt.Sprint(wanted.Subjects), fmt.Sprint(found.Subjects)},
		{"retention", wanted.Retention, found.Retention},
		{"discard", wanted.Discard, found.Discard},
		{"storage", wanted.Storage, found.Storage},
		{"copies", wanted.Replicas, min(wanted.Replicas, found.Replicas)},
		{"most bytes", unlimited(wanted.MaxBytes), unlimited(found.MaxBytes)},
		{"most for a subject", unlimited(wanted.MaxMsgsPerSubject), unlimited(found.MaxMsgsPerSubject)},
		{"longest age", wanted.MaxAge, found.MaxAge},
		{"atomic batches", wanted.AllowAtomicPublish, found.AllowAtomicPublish},
		{"message schedules", wanted.AllowMsgSchedules, found.AllowMsgSchedules},
		{"message times", wanted.AllowMsgTTL, found.AllowMsgTTL},
		{"republishing", wanted.RePublish != nil, found.RePublish != nil},
	} {
		if field.wanted != field.found {
			odd = append(odd, fmt.Sprintf("%s %v instead of %v", field.name, field.found, field.wanted))
		}
	}
	return odd
}

func unlimited(n int64) int64 { return max(n, 0) } // the server says -1 for what is not set

// copies reports whether all copies of a stream are there.
func (r *report) copies(part string, cluster *jetstream.ClusterInfo) bool {
	if cluster == nil {
		return true
	}
	if cluster.Leader == "" {
		r.fail(part, "start the other servers of the NATS cluster: it needs a majority", "it has no leader")
		return false
	}
	for _, replica := range cluster.Replicas {
		if replica.Offline || !replica.Current {
			r.warn(part, "start that server of the NATS cluster, or let it catch up", "the copy on %s is offline or behind", replica.Name)
			return false
		}
	}
	return true
}

// room reports whether a stream with a bound is far from it.
func (r *report) room(part string, info *jetstream.StreamInfo) bool {
	if info.Config.MaxBytes <= 0 {
		return true
	}
	share := float64(info.State.Bytes) / float64(info.Config.MaxBytes)
	if state := worse(share, 0.5, 0.9); state != OK {
		r.add(part, state, "see to the recorders and to Postgres: when it is full, runners stop", "%.0f %% of its room are taken", 100*share)
		return false
	}
	return true
}
