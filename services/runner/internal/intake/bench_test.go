package intake

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/carillon-cron/carillon/shared/bus"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/natsserver"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// BenchmarkIntake is the bare path of a message: pulled, handled by nothing,
// acknowledged; server and client in one process. The aim is 20,000 a second.
func BenchmarkIntake(b *testing.B) {
	for _, limit := range []int{1, 8, 64, 512} {
		b.Run(fmt.Sprintf("slots=%d", limit), func(b *testing.B) { benchmark(b, limit) })
	}
}

func benchmark(b *testing.B, limit int) {
	nc, js := connect(b)
	queue := carillon.Queue{Name: "default", Concurrency: limit}
	fill(b, js, b.N)
	var handled atomic.Int64
	ctx, cancel := context.WithCancel(b.Context())
	in := New(Config{
		Conn: nc, Stream: topology.RunsStream, Consumer: topology.QueueConsumerName(queue.Name),
		AckWait: topology.AckWait, Limit: limit,
		Ensure: func(ctx context.Context) error {
			_, err := js.CreateOrUpdateConsumer(ctx, topology.RunsStream, topology.QueueConsumer(queue))
			return err
		},
		Handle: func(msg *nats.Msg) bool {
			_ = msg.Ack()
			if handled.Add(1) == int64(b.N) {
				cancel()
			}
			return true
		},
	})
	b.ReportAllocs()
	b.ResetTimer()
	in.Run(ctx)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

func connect(tb testing.TB) (*nats.Conn, jetstream.JetStream) {
	tb.Helper()
	server, err := natsserver.Start(natsserver.Config{Dir: tb.TempDir(), Port: -1})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(server.Stop)
	nc, js, err := bus.Connect(bus.Config{URL: server.URL()}, "test")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(nc.Close)
	if err := topology.Ensure(tb.Context(), js, 1); err != nil {
		tb.Fatal(err)
	}
	return nc, js
}

// fill publishes n ready messages of the default queue, of a usual size.
func fill(tb testing.TB, js jetstream.JetStream, n int) {
	tb.Helper()
	job, body := carillon.NewJobID(), make([]byte, 400)
	for range n {
		if _, err := js.PublishAsync(topology.Ready(job, "default"), body, jetstream.WithStallWait(waitLong)); err != nil {
			tb.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
}

const waitLong = 30e9
