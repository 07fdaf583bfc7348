package call

import (
	"io"
	"net/http"
	"strconv"
	"strings"
)

const (
	// captured is how much of a response is kept for the ledger.
	captured = 4 << 10
	// drained is how much more is read for the sake of the connection: beyond
	// it, a new one is cheaper.
	drained = 64 << 10
)

// capture returns the start of a body as text that Postgres takes. An error
// means that the body broke off.
func capture(body io.Reader) (string, error) {
	start, err := io.ReadAll(io.LimitReader(body, captured))
	if err == nil && len(start) == captured {
		_, err = io.Copy(io.Discard, io.LimitReader(body, drained))
	}
	return clean(string(start)), err
}

// clean returns text without what is not UTF-8, and without NULs.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}

// good reports whether a status means success.
func good(status int) bool { return status >= 200 && status <= 299 }

func statusText(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}
