// Package jobstat is the statistics of a job's runs: counts, streaks, the last
// run, averages and quantiles. The recorder keeps them up to date, a row of the
// table job_stats for each job; everybody else reads them. It is pure arithmetic.
//
// # What counts
//
// Runs of the schedule and runs by hand count, each once, when they have ended.
// A run whose end is later told otherwise, such as one that was given up as lost
// and then succeeded, is counted anew: its first end is taken out ([Stats.Replace]).
// Runs of a backfill do not count. They repair the past, with calls that nobody
// waits for; the backfill has counts of its own.
//
// Only calls say how well a job does: a success is a run that succeeded, a failure
// one that failed or was lost. All else is neutral: it breaks no streak and is in
// no share of failures. Durations are those of successes, from the first attempt's
// start to the end, retries included, for a failure says more about a timeout than
// about the job. Latenesses are those of the schedule's runs, from the fire time
// to the first attempt's start.
//
// # Order does not matter
//
// Ends come in any order, in any batches, through several recorders, and the
// statistics are the same, up to the rounding of sums. Counts and maxima are so
// by nature. Averages and quantiles are so by forward decay (Cormode, Shkapenyuk,
// Srivastava, Xu: Forward Decay, ICDE 2009): a run weighs 2^(t/h), where t is its
// fire time and h the half-life. A weight never changes, so weights are added up,
// and what divides out is the passing of time. Half-lives are a week, for what is
// normal, and an hour, for how it is going. So that weights stay numbers, t counts
// from the start of the newest run's week; when another week begins, all is
// scaled by a power of two, which loses nothing.
//
// Quantiles are those of a histogram whose buckets grow by a tenth each (Masson,
// Rim, Lee: DDSketch, VLDB 2019), so they are within five percent of the truth:
// see [Sketch]. Streaks go by fire time: see [Streak].
package jobstat
