// Package notify tells people of alerts: whom, when, and in what words.
//
// What is wrong is in the table of alerts, and not decided here. A route says which
// of them it is for, and where to. The alerts of a route that have the same
// namespace and kind, or whatever else it groups by, are told of together, in one
// message:
//
//	news ── group_wait ──▶ message ── group_interval ──▶ message, if there is news
//	                          └────── repeat_interval ─▶ message, if something is still wrong
//
// These are the words and the sense of Prometheus's Alertmanager. So 500 jobs that
// fail at once make one message, and a job that flaps makes one in each
// group_interval, however often it does. In quiet hours everything waits.
//
// [Timing.Due] and [Compose] are pure. What each route was last told of each alert
// is stored; so a gateway that dies, or a channel that refuses, costs no message. One
// that died between sending and storing sends the message again.
//
// One gateway does it at a time. A message goes through a channel such as Slack, or
// as a run of a job: then retries, signatures and the ledger are those of any run.
package notify
