// Package runner measures a runner alone: from messages prepared to outcomes
// published, beside a bare HTTP loop that makes the same calls to the same target,
// as many at once, in the same run.
//
//	bench ──prepared runs──▶ NATS server ◀──▶ carillon runner ──▶ target
//
// The runner, the NATS server and the target are processes of their own. What a run
// costs is read from outside: CPU time in /proc, allocations in the runner's metrics,
// and its end in the time stamps of the stream of outcomes. There is nothing else:
// no planner, no recorder, nobody on the feed.
//
// The runs lie in the stream before their queue is there, and are measured from the
// instant at which it is made. The runner is warm: it has made some thousand calls.
package runner
