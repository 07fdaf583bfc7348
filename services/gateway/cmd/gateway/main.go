// Command gateway runs the gateway as a process of its own, set up from the
// environment.
package main

import (
	"os"

	"github.com/carillon-cron/carillon/services/gateway"
	"github.com/carillon-cron/carillon/shared/service"
)

func main() { os.Exit(service.Main("gateway", gateway.Run)) }
