package api

import (
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// routeHealth serves what probes ask, without a key.
func (a *API) routeHealth() {
	a.app.Get("/healthz", func(c *fiber.Ctx) error { return c.SendString("ok\n") })
	a.app.Get("/readyz", func(c *fiber.Ctx) error {
		if problems := a.Health.Problems(); len(problems) > 0 {
			return c.Status(http.StatusServiceUnavailable).SendString(strings.Join(problems, "\n") + "\n")
		}
		return c.SendString("ready\n")
	})
}
