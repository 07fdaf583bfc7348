// Package ledger measures how a ledger of many runs is read: it fills one, and
// asks the API what people ask it.
//
//	bench ──▶ private Postgres, filled by SQL alone
//	bench ──GET /runs──▶ carillon gateway ──▶ Postgres
//	                     carillon recorder ──▶ Postgres (drops a day)
//
// The runs lie in ninety days. One job fires every second and never fails; one
// namespace has two runs a day among millions, and one has none: these are the
// hard cases, because whoever walks the newest runs until enough of them fit walks
// through all.
//
// Partitions are filled before they are attached, so that each index is built at
// once. That is the only difference to a ledger that a recorder wrote.
package ledger
