// Package forecast counts the fires to come, and predicts how long their runs
// will wait for a slot.
//
//	jobs ──schedules──▶ fires ──by second──▶ queue ──drained by its slots──▶ wait
//	                      └────by minute──▶ queue, endpoint
//
// The fires are those of the engine that plans them, so as far as definitions
// stay as they are, the counts are exact. Jobs that have schedule, queue and host
// in common are searched once; those of the busiest hosts once more, for their
// minutes.
//
// The wait is a model. A queue is a tank of work: a fire adds as many seconds as
// the queue's runs took of late, on average, and the queue's slots take as many
// seconds out each second. What stands in the tank when a run comes is its wait.
// So the model knows nothing of retries, rate limits, slow targets that make
// others fail, or runs already waiting; it shows where fires crowd.
//
// The work is bounded: a window with too many fires is cut to its first minutes, as
// many as have no more. The forecast says until when it holds, and up to there all
// of it is exact. Forecasts take turns, so the memory is that of one: some words for
// each host, and 4 bytes for each second of a queue.
package forecast
