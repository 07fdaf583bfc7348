package call

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/wire"
)

// longestRetryAfter bounds what a target may ask for.
const longestRetryAfter = 24 * time.Hour

// heedRetryAfter notes when the target wants to be called again. From 429 and 503
// it is for all calls to the host (RFC 6585 §4, RFC 9110 §15.6.4), unless another
// host answered than the job named; from other failures for this run alone.
func heedRetryAfter(response *http.Response, host string, attempt *wire.Attempt) {
	wait := retryAfter(response.Header, time.Now())
	if wait <= 0 {
		return
	}
	at := time.Now().Add(wait).UTC()
	attempt.RetryAt = &at
	busy := response.StatusCode == http.StatusTooManyRequests || response.StatusCode == http.StatusServiceUnavailable
	attempt.Cooldown = busy && strings.EqualFold(response.Request.URL.Host, host)
}

// retryAfter reads the header in both its forms (RFC 9110 §10.2.3), up to a day; 0
// for none. A date is compared with the answer's own, for the target's clock may
// be wrong.
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if text != "" && strings.Trim(text, "0123456789") == "" {
		return seconds(text)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	return min(max(at.Sub(now), 0), longestRetryAfter)
}

func seconds(digits string) time.Duration {
	n, err := strconv.Atoi(digits)
	if err != nil || n > int(longestRetryAfter/time.Second) {
		return longestRetryAfter
	}
	return time.Duration(n) * time.Second
}
