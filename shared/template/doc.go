// Package template fills what differs from call to call into a target's address,
// headers and body.
//
//	{{fire_time}}                2026-03-29T01:30:00Z, in UTC
//	{{fire_time - 24h | date}}   2026-03-28: moved by a duration, and only the day
//	{{fire_time | unix}}         1774747800; unix_ms counts milliseconds
//	{{run_id}}                   the same for all attempts of a run
//	{{attempt}}                  from 1
//	{{job.name | json}}          a JSON string, quotes included
//	{{secret.api-key}}           the value of a secret of the job's namespace
//	{{"{{"}}                     two braces, as they are
//
// There are also job.id, job.namespace and job.revision. A job's labels and its
// schedule stand in the same document as its target and are not offered.
//
// It is no language on purpose: no conditions, no loops, nothing that could fail
// or run long once it has been read. So a template is refused when the job is
// written, or works for ever. A value is never read as a template again.
package template
