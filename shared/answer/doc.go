// Package answer decides whether what a target answered is a success.
//
// The status has the first word: by default any of 200 to 299 is good, else those
// that are listed. A regular expression or a JSONPath query (RFC 9535) may then
// ask for something in the body; whoever asks reads the first [Limit] bytes of it.
// An expression that matches within them has matched. What would need more of a
// longer body is not decided by guessing: it is [ErrTooLarge].
//
// Nothing here can run long, for the body is written by somebody else: expressions
// are RE2's, linear in the body; a query selects nothing twice and searches once, so
// it is linear too; and a body nested more than a hundred deep is [ErrTooLarge].
package answer
