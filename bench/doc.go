// Command bench measures Carillon against the physical limits of the machine it
// runs on, in one run, and writes the figures to docs/performance.md.
//
// The yardstick is a bare loop: a plain Go HTTP client that calls the same
// target, as many calls at once as carillon may make. Everything is a process of
// its own: the target, `carillon up`, Postgres and the bench itself. So CPU time
// can be read per process, and the target's own is never counted.
//
//	bench ──▶ target            the bare loop
//	bench ──▶ carillon up ──▶ target
//	              └──▶ Postgres
//
// A runner, a planner with a million jobs, a ledger of fifty million runs, and the
// API are measured alone: see the packages runner, planner, ledger and api.
//
//	go run ./bench                     # everything but the ledger
//	go run ./bench runner              # the runner alone, writing no file
//	go run ./bench planner [jobs]      # the planner alone, writing no file
//	go run ./bench api                 # the API beside a bare handler, writing no file
//	go run ./bench ledger [runs [dir]] # the ledger alone, writing no file
//
// Machines are shared and noisy: what is held to a bound is a ratio within one
// run, or CPU seconds, never a time.
package main
