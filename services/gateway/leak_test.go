package gateway

import "go.uber.org/goleak"

// goroutines remembers the goroutines of now; the function it returns says which
// others there are then.
func goroutines() func() error {
	known := goleak.IgnoreCurrent()
	return func() error {
		return goleak.Find(known,
			// These end by themselves, seconds after their server.
			goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
			goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
			// The NATS server in this process keeps abandoned consumers for a while.
			goleak.IgnoreAnyFunction("github.com/nats-io/nats-server/v2/server.(*consumer).loopAndGatherMsgs"),
			goleak.IgnoreAnyFunction("github.com/nats-io/nats-server/v2/server.(*consumer).processInboundAcks"),
			goleak.IgnoreAnyFunction("github.com/nats-io/nats-server/v2/server.(*consumer).processInboundNextMsgReqs"),
		)
	}
}
