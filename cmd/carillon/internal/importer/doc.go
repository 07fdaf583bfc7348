// Package importer holds what came of definitions that other schedulers keep:
// documents, and an exact account of what could not become part of them.
//
// A reader of a source begins an [Item] for each thing that would fire there: a
// line of a crontab, a manifest, an event. Every item ends in one of three ways.
// It is carried: the document says all that the source said. It is carried in
// part: what Lost names is missing. Or it is refused, and there is no document.
// Nothing is dropped in silence, which [Fields] sees to where sources are trees
// of named values: a field that nobody took is lost, by name.
//
// What says nothing of when or what is called (log files, mail, images,
// history limits) is no loss. A remark tells of what reads otherwise here but
// means the same.
//
// A document means what its source meant, not what Carillon would do by default:
// cron starts a command beside one that still runs, tries once, and makes up for
// nothing, and so do its documents.
package importer
