// Package topology spells every stream, subject, consumer and bucket of
// Carillon, and creates them. Nobody else concatenates a subject.
//
//	JOBS      job.<partition>.<job>  queue.<name>                last 16 per subject
//	          pause.all  pause.namespace.<namespace>
//	          backfill.<partition>.<backfill>
//	          secret.<namespace>.<name>
//	RUNS      run.<partition>.<job>.<queue>.ready                work queue
//	          run.<partition>.<job>.<queue>.retry.<run>
//	          run.<partition>.<job>.<queue>.callback.<run>
//	          skip.<partition>.<job>
//	          mark.<partition>
//	OUTCOMES  outcome.<namespace>.<job>.<event>                  work queue,
//	          republished as feed.<namespace>.<job>.<event>
//	SIGNALS   ping.<token>                                       work queue
//	ALERTS    alert.<job>                                        work queue
//	controls  cancel.run.<run>, cancel.job.<job>                 key-value, for two days
//	          cooldown.<hash of the host>
//	callbacks secret, <run>.<attempt>                            key-value
//
// RUNS is a work queue: a message exists until it is acknowledged. That is what
// the overlap check rests on: "no message on run.<partition>.<job>.>" means
// that no run of the job is queued, running or waiting for a retry. Marks live
// in the same stream only because an atomic batch cannot span two.
//
// Tokens are safe by construction: ids are UUIDs, and names of queues and
// namespaces are validated to hold no dot, star, blank or '>'.
package topology
