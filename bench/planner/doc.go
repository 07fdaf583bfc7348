// Package planner measures a planner that holds a million jobs: how soon it is
// ready, how much memory it takes, what it costs while nothing is due, and how
// fast it plans a herd.
//
// The planner is a process of its own, and so is the NATS server. The bench
// writes definitions into JOBS as a gateway would, and reads the rest from
// outside: /proc, the planner's metrics, and the time stamps of the stream.
//
//	bench ──definitions──▶ NATS server ◀──▶ carillon planner
//	  └──raw batches──▶ RUNS ◀──runs──┘
//
// The yardstick of the herd is a bare loop on the same server: the same
// messages, made in advance, in atomic batches one after another. It runs before
// and after, because the speed of a machine drifts.
//
// The time to be ready is measured with a mix of schedules as people write them.
// Idleness is measured with yearly jobs, of which no two of a namespace share an
// instant, so nearly every one has a schedule of its own.
package planner
