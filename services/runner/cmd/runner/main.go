// Command runner is the runner service as a process.
package main

import (
	"os"

	"github.com/carillon-cron/carillon/services/runner"
	"github.com/carillon-cron/carillon/shared/service"
)

func main() { os.Exit(service.Main("runner", runner.Run)) }
