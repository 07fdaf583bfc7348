// Package command turns a command that calls curl or wget into what Carillon
// calls.
//
// A command is read as a shell reads it, by mvdan.cc/sh: quotes, variables,
// redirections and lists are what they are, not what a search for "curl" would
// find. Then comes what stands around the call: timeout, flock, nice and their
// kind say something of it or nothing; a condition before it, an interpreter
// after it or a second call make it something that no document can say, and the
// item is refused. Last come the options, all of which are known by name: one
// that is not known is refused, because nobody could tell whether the next word
// is its value.
//
// The package knows no crontab and no container; its callers say what the
// variables are and what comes on standard input.
package command
