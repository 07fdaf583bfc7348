package api

import (
	"bytes"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// legible refuses an address that holds what no text in Postgres can: NUL
// characters, or bytes that are not UTF-8.
func legible(c *fiber.Ctx) error {
	var faults []*huma.ErrorDetail
	look := func(location string, text []byte) {
		if bytes.IndexByte(text, 0) >= 0 || !utf8.Valid(text) {
			faults = append(faults, &huma.ErrorDetail{Location: location, Message: "must be UTF-8 without NUL characters"})
		}
	}
	uri := c.Request().URI()
	look("path", uri.Path())
	for name, value := range uri.QueryArgs().All() {
		look("query."+string(name), name)
		look("query."+string(name), value)
	}
	if len(faults) > 0 {
		return invalid(faults)
	}
	return c.Next()
}
