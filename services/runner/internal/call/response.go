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

// capture returns the start of a body, at most so many bytes, and whether that is
// all of it. An error means that the body broke off.
func capture(body io.Reader, most int64) (start []byte, whole bool, err error) {
	start, err = io.ReadAll(io.LimitReader(body, most))
	if err != nil || int64(len(start)) < most {
		return start, true, err
	}
	more, err := io.Copy(io.Discard, io.LimitReader(body, drained))
	return start, more == 0, err
}

// clean returns text without what is not UTF-8, and without NULs.
func clean[T string | []byte](text T) string {
	return strings.ReplaceAll(strings.ToValidUTF8(string(text), "\uFFFD"), "\x00", "")
}

func statusText(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}
