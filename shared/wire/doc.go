// Package wire defines the messages that services send each other over NATS:
// their bodies, their headers, and how each is read and written.
//
//	gateway ── Definition ──▶ JOBS ──▶ planner       a job's revisions
//	gateway ── Queue ───────▶ JOBS ──▶ runner        a queue and its limits
//	gateway ── Pause ───────▶ JOBS ──▶ planner       a namespace, or all, paused
//	gateway ── Backfill ────▶ JOBS ──▶ planner       fires of the past to run
//	gateway ── Secret ──────▶ JOBS ──▶ runner        a secret, sealed
//	planner ── Run + Call ──▶ RUNS ──▶ runner        a fire to run
//	planner ── Outcome ─────▶ RUNS ──▶ runner        a fire decided against
//	planner ── Mark ────────▶ RUNS ──▶ next planner  all up to here is planned
//	gateway, planner ── Cancel ──▶ controls ──▶ runner   runs to be stopped
//	gateway, runner ── Report ──▶ callbacks ──▶ runner  how a wait for a callback ended
//	gateway ── Ping ────────▶ SIGNALS ──▶ recorder   a job that runs elsewhere was heard of
//	gateway ── Alert ───────▶ ALERTS ───▶ recorder   something is wrong with a job, or is not any more
//	recorder ── Adaptations ──▶ gateway, which answers Adapted  schedules to change
//	gateway ── PassRequest ──▶ recorder, which answers PassAnswer  look for such now
//	runner ─── Outcome ─────▶ OUTCOMES ──▶ recorder, and the live feed
//
// A ready message is a [Run] in one header and a [Call] as its body. The call
// is the same for all runs of a revision, and it is all that a runner needs: no
// runner ever asks a database.
//
// A planner reads a Definition as a [Brief], which leaves unread what only runners
// need, and writes the Call as a [RawCall] when a run needs it.
//
// Everything is JSON, so that `nats stream view` shows it. Readers ignore fields
// they do not know and every field added later is optional, so services of
// neighbouring versions understand each other during a rolling upgrade.
//
// The library that encodes is not the standard one: every run is encoded twice on
// its way and decoded three times, and the standard library takes three and five
// times as long, a tenth of all the CPU time that a run costs. It knows no
// omitzero: an instant that is not set is written as that of the year 1. Readers
// take both that and its absence as not set.
package wire
