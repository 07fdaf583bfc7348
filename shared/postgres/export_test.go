package postgres

// MigrateTo is Migrate up to one migration only.
var MigrateTo = migrateTo
