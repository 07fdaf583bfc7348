// Package commit writes what was decided to JetStream: all of it, or nothing.
//
// A commit is one atomic batch (NATS ADR-50) on the stream RUNS:
//
//	run.….ready   for each fire to run; unless its job may overlap itself, it
//	              expects that no message of the job is in the stream
//	skip.…        for each fire decided against
//	mark.<p>      for each partition touched; it replaces the mark before it and
//	              expects it to be the one that this planner last knew
//
// # Safety
//
// A fire is planned exactly when a mark that covers it is stored, and it is
// stored together with that mark. Two planners that both believe they own a
// partition both build on some mark; the server stores one batch and refuses
// the other, whose expectation no longer holds. No lease, clock or window of
// deduplication is part of this argument.
//
// # Three answers
//
//	stored    the marks have moved to what was sent
//	refused   nothing was stored: a mark was not the expected one ([Stale]), or
//	          a run of some job is in flight. Which one, the marks tell.
//	unclear   no answer came. The marks tell, too: they have moved to what was
//	          sent, or they have not, and then the same batch is sent again; if
//	          both copies arrive, the second one finds the mark moved.
//
// Fires that the mark holds (package plan) move with it in the same way: out of
// the list and into the stream in one commit, or neither.
//
// The tests explore all interleavings of two planners in small worlds over the
// real decisions ([judge], plan, agenda), with messages that come late, twice or
// never, and find no fire lost and none published twice. They also break the
// marks' check, and see it found out.
package commit
