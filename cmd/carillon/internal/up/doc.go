// Package up runs all of Carillon in one process.
//
// It starts what the services need (an embedded NATS server, a private
// Postgres), then the same four Run functions that production runs one per
// process, and ends them in the opposite order. Everything that is kept lies
// under one data folder:
//
//	DIR/version      the layout of the folder
//	DIR/lock         held while a process uses the folder
//	DIR/admin.key    the admin key, for the client commands
//	DIR/master.key   seals the secrets; to lose it is to lose them
//	DIR/nats/        JetStream's files
//	DIR/postgres/    the private Postgres
//
// There is nothing to clean up after a crash: a start after `kill -9` is a
// start like any other.
package up
