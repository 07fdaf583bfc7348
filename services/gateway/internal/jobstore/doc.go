// Package jobstore keeps job definitions in Postgres, the source of truth.
//
// Every change is one transaction of five parts: the job's row, its new
// revision, a line in the audit log, and the message that tells planners of it in
// the outbox; and before those, the lock on the job's row that puts changes of
// one job in order. A change that changes nothing writes nothing.
//
// A revision takes effect as package effect says.
package jobstore
