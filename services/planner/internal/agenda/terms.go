package agenda

import (
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/weakmap"
	"github.com/carillon-cron/carillon/shared/wire"
)

// Terms is what a revision says beside its schedule and its target: the same for
// many jobs.
type Terms struct {
	Namespace string
	Queue     string
	Overlap   carillon.Overlap
	MaxQueued int
	CatchUp   carillon.CatchUp
	Deadline  carillon.Duration

	retry, labels string // JSON; strings, so that Terms can be compared
}

var knownTerms weakmap.Map[Terms, Terms]

// termsOf returns the terms of a definition. Equal ones are one.
func termsOf(def *wire.Brief) *Terms {
	doc := def.Document.WithDefaults() // it may be older than some of its fields
	terms := Terms{
		Namespace: def.Namespace, Queue: def.Queue, Overlap: doc.Overlap, MaxQueued: doc.MaxQueued, CatchUp: doc.CatchUp,
		Deadline: def.Deadline, retry: string(def.Retry), labels: string(def.Labels),
	}
	if known := knownTerms.Get(terms); known != nil {
		return known
	}
	fresh := terms
	knownTerms.Put(terms, &fresh)
	return &fresh
}
