package api

import (
	"bytes"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// plain refuses a body that is compressed. A few bytes of one may stand for more than
// there is memory, and fiber would undo it before anything bounds what comes of it.
func plain(c *fiber.Ctx) error {
	for _, coding := range c.Request().Header.PeekAll(fiber.HeaderContentEncoding) {
		if coding = bytes.TrimSpace(coding); len(coding) > 0 && !bytes.EqualFold(coding, []byte("identity")) {
			c.Set(fiber.HeaderAcceptEncoding, "identity") // RFC 9110, 15.5.16
			return huma.Error415UnsupportedMediaType("the body is compressed by its Content-Encoding; send it as it is")
		}
	}
	return c.Next()
}
