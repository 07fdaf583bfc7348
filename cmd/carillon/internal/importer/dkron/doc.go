// Package dkron reads jobs of Dkron as its API answers them: GET /v1/jobs, or one
// job, or a file of them.
//
// Those of the executor http become jobs. Others run commands on nodes, and are
// refused, but for those of the executor shell whose command is curl or wget.
//
// Dkron counts every answer as a success if no expectCode is given, redirects and
// errors included; the document says so.
package dkron
