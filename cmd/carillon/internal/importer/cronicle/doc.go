// Package cronicle reads events of Cronicle: the text that `control.sh export`
// writes, with a line of key and JSON for each record, and events in JSON, as its
// API answers them.
//
// Events of the HTTP client ("urlplug") become jobs, and those of the shell plugin
// that do nothing but call curl or wget. A time that restricts days of the month
// and days of the week means both in Cronicle, and either in cron; such an event
// gets a recurrence rule, which means both.
package cronicle
