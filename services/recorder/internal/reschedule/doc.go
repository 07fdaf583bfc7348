// Package reschedule makes the pass of adaptive rescheduling: it looks at all jobs
// that want it, decides with package adaptive, and has the gateway write what is
// decided.
//
//	jobs, job_stats, job_revisions ──▶ page ──▶ adaptive ──▶ Adaptations ──▶ gateway
//
// # Off the hot path
//
// A pass reads jobs with their statistics in pages by id, one statement each, and
// never a run. After each page, and after each request to the gateway, it rests at
// least as long as that took, so it never takes more than half a core, or half a
// connection; and up to four times as long where the machine is busy with other
// things, which shows in how long the work takes. An advisory lock, held by the
// connection that reads, lets one recorder at a time do it; the others go on
// recording. Where some job has a spread to move in, the fires of all jobs are
// counted first, in pages too.
//
// For n jobs of which each is changed: ⌊n/5000⌋+1 pages, twice that where fires are
// counted, and two statements of the gateway for each 2,500 changes. That is 17 for
// 10,000 jobs, those that take the lock and give it back included.
//
// # When things break
//
// Nothing that a pass knows is kept. What a gateway did not get, or did not answer,
// is decided again in the next pass, from what the tables say then; and what was
// written meanwhile has another revision, which the old decision does not fit. So a
// pass may end anywhere, and two passes at once would do no harm but their work.
package reschedule
