// Command recorder runs the recorder service as a process of its own.
package main

import (
	"os"

	"github.com/carillon-cron/carillon/services/recorder"
	"github.com/carillon-cron/carillon/shared/service"
)

func main() { os.Exit(service.Main("recorder", recorder.Run)) }
