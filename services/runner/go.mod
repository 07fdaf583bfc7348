module github.com/carillon-cron/carillon/services/runner

go 1.26.0

require github.com/carillon-cron/carillon/shared v0.0.0

replace github.com/carillon-cron/carillon/shared => ../../shared
