// Package jobstore keeps job definitions in Postgres, the source of truth.
//
// Every change is one transaction of five parts: the job's row, its new
// revision, a line in the audit log, and the message that tells planners of it in
// the outbox; and before those, the lock on the job's row that puts changes of
// one job in order. A change that changes nothing writes nothing.
//
// # When a change takes effect
//
// A revision holds for the fires from its effective_from on, and that lies a
// second ahead, so that it can reach the planner before it matters. It also lies
// after that of the revision before: so each instant belongs to exactly one
// revision, whichever gateway's clock said what.
package jobstore
