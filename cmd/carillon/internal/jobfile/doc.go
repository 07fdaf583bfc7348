// Package jobfile reads the jobs that files define: documents in YAML or JSON,
// several to a file, in folders and the folders in them.
//
// A document is kept as the file has it, because what it leaves out is not for
// this side to decide: the server fills in defaults, and a job whose document does
// not say whether it is paused stays as somebody left it. [Document.Check] judges
// a document as the server would, without one, and names the file and the line of
// each fault; only what the server knows (queues, secrets, names that others have)
// is left to it.
package jobfile
