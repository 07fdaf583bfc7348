package api

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestNoBodyIsDecompressed sends one that would become too large, to a route that
// needs no key: refused for its coding, nobody has seen its size.
func TestNoBodyIsDecompressed(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(make([]byte, 2*maxBody))
	_ = w.Close()
	a := New(Parts{})
	for coding, want := range map[string]int{
		"gzip": 415, "GZIP": 415, "gzip, gzip": 415, "deflate": 415, "br": 415, "identity, gzip": 415, "x": 415,
		"": 400, "identity": 400, " Identity ": 400, // it is no JSON
	} {
		for _, path := range []string{"/api/v1/session", "/callbacks/token"} {
			request := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(packed.Bytes()))
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("Content-Encoding", coding)
			answer, err := a.app.Test(request)
			if err != nil {
				t.Fatal(err)
			}
			if answer.StatusCode != want || want == 415 && answer.Header.Get("Accept-Encoding") != "identity" {
				t.Errorf("%s as %q: %s, %v", path, coding, answer.Status, answer.Header)
			}
		}
	}
}
