package call

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	date := func(after time.Duration) string { return now.Add(after).Format(http.TimeFormat) }
	for name, test := range map[string]struct {
		text, date string
		want       time.Duration
	}{
		"none":                      {"", "", 0},
		"seconds":                   {"30", "", 30 * time.Second},
		"no wait":                   {"0", "", 0},
		"blanks around":             {" 7 ", "", 7 * time.Second},
		"absurd":                    {"99999999", "", longestRetryAfter},
		"more digits than fit":      {strings.Repeat("9", 50), "", longestRetryAfter},
		"negative":                  {"-5", "", 0},
		"a fraction":                {"1.5", "", 0},
		"words":                     {"soon", "", 0},
		"a date":                    {date(time.Minute), "", time.Minute},
		"a date in the past":        {date(-time.Minute), "", 0},
		"a date years from now":     {date(100_000 * time.Hour), "", longestRetryAfter},
		"by a clock that is ahead":  {date(time.Hour + time.Minute), date(time.Hour), time.Minute},
		"by a clock that is behind": {date(-time.Hour + time.Minute), date(-time.Hour), time.Minute},
		"beside a malformed date":   {date(time.Minute), "now", time.Minute},
		"RFC 850":                   {now.Add(time.Minute).Format("Monday, 02-Jan-06 15:04:05 GMT"), "", time.Minute},
	} {
		header := http.Header{"Retry-After": {test.text}, "Date": {test.date}}
		if got := retryAfter(header, now); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}
