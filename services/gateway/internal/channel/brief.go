package channel

import (
	"io"
	"net/http"
)

// longestAnswer is how much is read of what a channel answers: the library keeps all
// of it in memory.
const longestAnswer = 64 << 10

// brief cuts answers off.
type brief struct{ http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (b brief) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(request)
	if err == nil {
		answer.Body = cut{io.LimitReader(answer.Body, longestAnswer), answer.Body}
	}
	return answer, err
}

type cut struct {
	io.Reader
	io.Closer
}
