// Package crontab reads crontabs: those of users, and those of the system, whose
// lines name a user too.
//
// It follows crontab(5) of Vixie cron and cronie: variables hold for the lines
// below them, CRON_TZ is the zone of the schedules below it, "%" ends a command
// and begins its input, "\%" is a percent sign, "~" is a random number. TZ is only
// a variable: it moves no schedule.
//
// Every line that is not blank, a comment or a variable is an item.
package crontab
