module github.com/carillon-cron/carillon/bench

go 1.26.0

require github.com/carillon-cron/carillon/shared v0.0.0
require github.com/carillon-cron/carillon/services/planner v0.0.0
require github.com/carillon-cron/carillon/services/runner v0.0.0
require github.com/carillon-cron/carillon/services/recorder v0.0.0
require github.com/carillon-cron/carillon/services/gateway v0.0.0

replace github.com/carillon-cron/carillon/shared => ../shared
replace github.com/carillon-cron/carillon/services/planner => ../services/planner
replace github.com/carillon-cron/carillon/services/runner => ../services/runner
replace github.com/carillon-cron/carillon/services/recorder => ../services/recorder
replace github.com/carillon-cron/carillon/services/gateway => ../services/gateway
