// Package archive is the form of a backup file: sections of any length, one after
// the other, of which a reader knows that they are whole.
//
// A file is a gzipped tar, so that `tar tzf` lists what is in it and `tar xzf` gets
// at it without Carillon:
//
//	manifest/000001        a section is a folder,
//	tables/jobs/000001     cut into pieces of at most a MiB, since tar wants to
//	tables/jobs/000002     know how long a file is before it begins
//	…
//	checksum               SHA-256 of all that stands before
//
// The checksum covers the names, the lengths and the order of the pieces. gzip has a
// checksum of its own behind it, and nothing may follow that. So a file that was cut
// off, wherever, or changed, is told from a whole one; but only at its end: who acts
// on what is in it reads it twice, first with [Verify].
//
// It guards against accidents. Who can write the file can make a good one.
package archive
