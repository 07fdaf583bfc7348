module github.com/carillon-cron/carillon/bench

go 1.26.0

require github.com/carillon-cron/carillon/shared v0.0.0

require github.com/carillon-cron/carillon/services/planner v0.0.0

require github.com/carillon-cron/carillon/services/runner v0.0.0

require github.com/carillon-cron/carillon/services/recorder v0.0.0

require github.com/carillon-cron/carillon/services/gateway v0.0.0

require (
	github.com/adhocore/gronx v1.20.4 // indirect
	github.com/jackc/pgpassfile v1.0.0 // indirect
	github.com/jackc/pgservicefile v0.0.0-20240606120523-5a60cdf6a761 // indirect
	github.com/jackc/pgx/v5 v5.12.0 // indirect
	github.com/robfig/cron/v3 v3.0.1 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace github.com/carillon-cron/carillon/shared => ../shared

replace github.com/carillon-cron/carillon/services/planner => ../services/planner

replace github.com/carillon-cron/carillon/services/runner => ../services/runner

replace github.com/carillon-cron/carillon/services/recorder => ../services/recorder

replace github.com/carillon-cron/carillon/services/gateway => ../services/gateway
