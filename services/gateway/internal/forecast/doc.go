// Package forecast counts the fires to come, and predicts how long their runs
// will wait for a slot.
//
//	jobs ──schedules──▶ fires ──by second──▶ queue ──drained by its slots──▶ wait
//	                      └────by minute──▶ queue, endpoint
//
// The fires are those of the engine that plans them, so as far as definitions
// stay as they are, the counts are exact. Jobs whose schedules are equal are
// searched once.
//
// The wait is a model. A queue is a tank of work: a fire adds as many seconds as
// the queue's runs took of late, on average, and the queue's slots take as many
// seconds out each second. What stands in the tank when a run comes is its wait.
// So the model knows nothing of retries, rate limits, slow targets that make
// others fail, or runs already waiting; it shows where fires crowd.
//
// The work is bounded: beyond so many fires the count stops, and the forecast says
// until when it holds.
package forecast
