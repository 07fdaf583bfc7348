module github.com/carillon-cron/carillon/cmd/carillon

go 1.26.0

require github.com/carillon-cron/carillon/shared v0.0.0

require github.com/carillon-cron/carillon/services/planner v0.0.0

require github.com/carillon-cron/carillon/services/runner v0.0.0

require github.com/carillon-cron/carillon/services/recorder v0.0.0

require github.com/carillon-cron/carillon/services/gateway v0.0.0

require (
	github.com/andybalholm/brotli v1.2.0 // indirect
	github.com/fasthttp/websocket v1.5.8 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/nats-io/nats.go v1.55.0 // indirect
	github.com/nats-io/nkeys v0.4.16 // indirect
	github.com/nats-io/nuid v1.0.1 // indirect
	github.com/prometheus/client_golang v1.25.0 // indirect
	github.com/savsgio/gotils v0.0.0-20240303185622-093b76447511 // indirect
	github.com/spf13/cobra v1.10.2 // indirect
	github.com/spf13/pflag v1.0.9 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	github.com/valyala/fasthttp v1.69.0 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/net v0.60.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/term v0.47.0 // indirect
)

replace github.com/carillon-cron/carillon/shared => ../../shared

replace github.com/carillon-cron/carillon/services/planner => ../../services/planner

replace github.com/carillon-cron/carillon/services/runner => ../../services/runner

replace github.com/carillon-cron/carillon/services/recorder => ../../services/recorder

replace github.com/carillon-cron/carillon/services/gateway => ../../services/gateway
