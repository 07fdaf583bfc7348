// Package wire defines the messages that services send each other over NATS:
// their bodies, their headers, and how each is read and written.
//
//	gateway ── Definition ──▶ JOBS ──▶ planner       a job's newest revision
//	gateway ── Queue ───────▶ JOBS ──▶ runner        a queue and its limits
//	planner ── Run + Call ──▶ RUNS ──▶ runner        a fire to run
//	planner ── Outcome ─────▶ RUNS ──▶ runner        a fire decided against
//	planner ── Mark ────────▶ RUNS ──▶ next planner  all up to here is planned
//	runner ─── Outcome ─────▶ OUTCOMES ──▶ recorder, and the live feed
//
// A ready message is a [Run] in one header and a [Call] as its body. The call
// is encoded once per revision and shared by all its runs, and it is all that a
// runner needs: no runner ever asks a database.
//
// Everything is JSON, so that `nats stream view` shows it. Readers ignore fields
// they do not know and every field added later is optional, so services of
// neighbouring versions understand each other during a rolling upgrade.
package wire
