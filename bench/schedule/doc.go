// Package schedule holds the fire-time engine against other cron libraries for
// Go: robfig/cron, netresearch/go-cron and adhocore/gronx, on one table of
// expressions, all on the clocks of Berlin.
//
//	go test -run xxx -bench . ./schedule
//
// The libraries do not answer alike when the clocks change, so the instants
// searched from are far from a change. An expression that a library does not
// know is left out for it. gronx has no parsed form: its parsing is part of
// every search.
package schedule
