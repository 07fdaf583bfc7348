// Package auditor audits without being asked.
//
// Every few minutes it audits what has settled since the last time, window after
// window, so that each fire is judged once:
//
//	       ends of the last audit                settled     now
//	fires ────────┤ window │ window │ window │─────┤──────────┤
//
// What it finds without a row goes on a list, and what becomes of that is looked at
// each time:
//
//	waiting ──────────▶ has a row: forgotten
//	   │ NATS has it no more, and there is no row
//	   ▼
//	unexplained ──────▶ has a row, or a backfill ran it: forgotten
//	   │  raises an alert for its job; filled, if the job says so
//	   ▼ after a day
//	forgotten
//
// # Several gateways
//
// Each of them audits when nobody has for a while. There is no leader: a window
// begins where the last one ended, that is its key, and of two that audit the same
// window at once the second finds it taken, and has written nothing. Everything else
// may be done twice: alerts and deletions say what is, and of two backfills of the
// same fires the second gets none.
//
// # What it does not do
//
// A fire is not looked at again once it has a row, whatever becomes of the row. A
// whole audit of a window is what GET /audit makes.
package auditor
