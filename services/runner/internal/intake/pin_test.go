package intake

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/topology"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// slack is by how much the clock of a test may misjudge a span.
const slack = 50 * time.Millisecond

// log notes when messages are handled, and by whom.
type log struct {
	mu  sync.Mutex
	at  []time.Time
	who []int
}

func (l *log) note(who int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at, l.who = append(l.at, time.Now()), append(l.who, who)
}

func (l *log) taken() (at []time.Time, who []int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.at), slices.Clone(l.who)
}

// paced runs an intake of the default queue, whose rate is 100 a second with a
// burst of 5.
func paced(t *testing.T, nc *nats.Conn, js jetstream.JetStream, handle func(*nats.Msg) bool) (in *Intake, stop func()) {
	t.Helper()
	queue := carillon.Queue{Name: "default", Concurrency: 1000, Rate: &carillon.Rate{Limit: 100, Per: carillon.PerSecond, Burst: 5}}
	consumer := topology.QueueConsumer(queue)
	in = New(Config{
		Conn: nc, Stream: topology.RunsStream, Consumer: consumer.Durable, AckWait: topology.AckWait, Limit: 50, Handle: handle,
		Ensure: func(ctx context.Context) error {
			_, err := js.CreateOrUpdateConsumer(ctx, topology.RunsStream, consumer)
			return err
		},
	})
	in.SetPace(&Pace{Group: topology.RateGroup, PerSecond: 100, Burst: 5})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		in.Run(ctx)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	t.Cleanup(stop)
	return in, stop
}

// Three intakes at once, of which those that are served are stopped: the rate
// holds over all, and what is left is taken by the next.
func TestARateHoldsOverIntakesThatComeAndGo(t *testing.T) {
	t.Parallel()
	nc, js := connect(t)
	fill(t, js, 200)
	var l log
	var stops []func()
	for who := range 3 {
		_, stop := paced(t, nc, js, used(func(msg *nats.Msg) {
			l.note(who)
			_ = msg.Ack()
		}))
		stops = append(stops, stop)
	}
	for killed, n := 0, 50; killed < 2; killed, n = killed+1, n+50 {
		eventually(t, js, func(info *jetstream.ConsumerInfo) bool { return info.AckFloor.Consumer >= uint64(n) })
		_, who := l.taken()
		stops[who[len(who)-1]]()
	}
	eventually(t, js, done)
	at, who := l.taken()
	checkSpans(t, at, 100, 5)
	if slices.Sort(who); len(slices.Compact(who)) != 3 {
		t.Errorf("taken by %v, want all three", slices.Compact(who))
	}
	if took := at[len(at)-1].Sub(at[0]); took > 8*time.Second {
		t.Errorf("200 messages took %s at 100 a second", took)
	}
}

// checkSpans looks for a span with more messages in it than the rate allows.
func checkSpans(t *testing.T, at []time.Time, perSecond float64, burst int) {
	t.Helper()
	for i, first := range at {
		for j, last := range at[i:] {
			if most := float64(burst) + perSecond*(last.Sub(first)+slack).Seconds(); float64(j+1) > most {
				t.Fatalf("%d messages within %s, want at most %.1f", j+1, last.Sub(first), most)
			}
		}
	}
}

// What is of no use costs no token, and what is keeps to the rate all the same.
func TestMessagesOfNoUseGiveTheirTokensBack(t *testing.T) {
	t.Parallel()
	nc, js := connect(t)
	fill(t, js, 1000)
	var l log
	var seen atomic.Int64
	paced(t, nc, js, func(msg *nats.Msg) bool {
		_ = msg.Ack()
		if seen.Add(1)%10 > 0 {
			return false
		}
		l.note(0)
		return true
	})
	eventually(t, js, done)
	at, _ := l.taken()
	checkSpans(t, at, 100, 5)
	if took := at[len(at)-1].Sub(at[0]); len(at) != 100 || took > 5*time.Second {
		t.Errorf("%d messages of use took %s at 100 a second", len(at), took)
	}
}

// What is idle keeps its pin and its tokens.
func TestAnIdleIntakeKeepsItsPin(t *testing.T) {
	t.Parallel()
	nc, js := connect(t)
	var l log
	paced(t, nc, js, used(func(msg *nats.Msg) {
		l.note(0)
		_ = msg.Ack()
	}))
	fill(t, js, 1)
	eventually(t, js, func(info *jetstream.ConsumerInfo) bool { return info.AckFloor.Consumer == 1 })
	pin := pinOf(t, js)
	<-time.After(2 * topology.PinTTL)
	if now := pinOf(t, js); now == "" || now != pin {
		t.Errorf("pin %q has become %q", pin, now)
	}
	begun := time.Now()
	fill(t, js, 5)
	eventually(t, js, done)
	if at, _ := l.taken(); at[len(at)-1].Sub(begun) > time.Second {
		t.Errorf("a burst of 5 took %s", at[len(at)-1].Sub(begun))
	}
}

func pinOf(t *testing.T, js jetstream.JetStream) string {
	t.Helper()
	consumer, err := js.Consumer(t.Context(), topology.RunsStream, topology.QueueConsumerName("default"))
	if err != nil {
		t.Fatal(err)
	}
	groups := consumer.CachedInfo().PriorityGroups
	if len(groups) == 0 {
		return ""
	}
	return groups[0].PinnedClientID
}

// A message that waits for its token at the end is handed back at once.
func TestTheEndHandsBackWhatWaitsForAToken(t *testing.T) {
	t.Parallel()
	nc, js := connect(t)
	in, stop := paced(t, nc, js, used(func(*nats.Msg) { t.Error("handled") }))
	in.SetPace(&Pace{Group: topology.RateGroup, PerSecond: 0.001, Burst: 1})
	fill(t, js, 3)
	eventually(t, js, func(info *jetstream.ConsumerInfo) bool { return info.NumAckPending == 1 })
	stop()
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	eventually(t, js, func(info *jetstream.ConsumerInfo) bool { return pinOf(t, js) == "" })
}
