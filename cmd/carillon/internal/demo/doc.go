// Package demo shows the scenario that Carillon was made for: 200 jobs due at
// the same second of every minute, all at one endpoint.
//
// It loads the jobs through the API, serves the endpoint, listens to the live
// feed like any client, and shows each herd as a line: how many were planned,
// how many calls were in flight at the endpoint (by the endpoint's own count),
// how they ended, and how late they were.
package demo
