package call

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

const maxRedirects = 5

var errRedirects = errors.New("more than 5 redirects")

// carried are the headers that go along to another host. All others may be
// secrets of the job, and the Referer holds its address.
var carried = []string{"User-Agent", "Traceparent", "Idempotency-Key"}

// checkRedirect decides whether the next request is made, and takes out of it
// what another host must not see.
func checkRedirect(next *http.Request, via []*http.Request) error {
	switch {
	case len(via) > maxRedirects:
		return errRedirects
	case !strayed(next, via):
		return nil
	case next.ContentLength != 0:
		return http.ErrUseLastResponse // sent without its body, it would be another request
	}
	header := make(http.Header, len(carried))
	for _, name := range carried {
		header[name] = next.Header[name]
	}
	next.Header = header
	return nil
}

// strayed reports whether the way has left the first host, or its TLS. One that
// leads back has strayed too: the other host chose what is asked there.
func strayed(next *http.Request, via []*http.Request) bool {
	home := via[0].URL
	for _, earlier := range via[1:] {
		if !sameHost(home, earlier.URL) {
			return true
		}
	}
	return !sameHost(home, next.URL)
}

// sameHost reports whether what was sent home may be sent to an address as well:
// what TLS kept from others' eyes must not go on without it.
func sameHost(home, address *url.URL) bool {
	return strings.EqualFold(address.Host, home.Host) && (address.Scheme == "https" || home.Scheme != "https")
}
