// Package outbox carries committed changes from Postgres to the stream JOBS.
//
// A writer puts its message into the table outbox within its own transaction
// ([Append]). So a change and its message are both there or neither, whatever
// dies in between, and a write needs no NATS. A [Relay] publishes the rows in the
// order of their ids, and removes them once the server has them.
//
// # Order
//
// Any number of gateways relay; an advisory lock that lasts as long as the
// relay's transaction lets one at a time. The lock is taken by a statement of its
// own, before the rows are read: a statement sees the table as of its own start,
// and one that locked and read at once could see rows that another relay has
// removed meanwhile, and publish old news over new.
//
// Writers of one object lock its row first and take the outbox id after, so the
// ids of one object are in the order of its commits.
//
// # At least once
//
// A relay that dies after publishing and before its commit leaves the rows, and
// the next one publishes them again, in the same order. Readers ignore revisions
// that they know. A backfill is begun only on a subject that was never used: the
// planner may have ended it between the two.
//
// A row that the server does not take stays, and the later ones of its subject are
// not sent; other subjects go on. A full batch of such rows would stop them all.
package outbox
