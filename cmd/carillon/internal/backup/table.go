package backup

// tables are those of every backup, in an order in which what is referred to comes
// first.
var tables = []string{
	"queues", "retention", "horizons", "secrets", "jobs", "job_secrets", "job_revisions", "suggestions", "job_stats",
	"pauses", "backfills", "keys", "checks", "check_states", "alert_routes", "alerts", "alert_groups", "alert_notices", "audit_log", "answers",
}

// ledgerTables go with the ledger, beside the days of the ledger itself.
var ledgerTables = []string{"audits", "unexplained_fires", "set_aside_events"}

// days are the tables that are cut by days.
var days = []string{"runs", "attempts"}

// leftOut are in no backup. What waits in the outbox is in the tables that it tells
// of, and people log in again.
var leftOut = []string{"outbox", "logins", "schema_version"}

// prefilled have rows in a database that nobody has used yet.
var prefilled = []string{"queues", "retention"}

// counters are the columns that Postgres counts.
var counters = map[string]string{"audit_log": "id", "alerts": "id"}

const tablePrefix = "tables/"
