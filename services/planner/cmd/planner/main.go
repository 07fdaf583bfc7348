// Command planner runs Carillon's planner as a process of its own.
package main

import (
	"os"

	"github.com/carillon-cron/carillon/services/planner"
	"github.com/carillon-cron/carillon/shared/service"
)

func main() { os.Exit(service.Main("planner", planner.Run)) }
