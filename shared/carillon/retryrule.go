package carillon

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/carillon-cron/carillon/shared/fault"
)

// maxRules bounds the words of a retry rule.
const maxRules = 32

// statusFailure is the class of a failure that statuses tell apart.
const statusFailure = "status"

// failures are the classes of failure that a job may want tried again. What never
// gets better by itself is not among them.
var failures = []string{"connect", "dns", "tls", "timeout", "protocol", "assertion", "auth"}

// Again reports whether a failure of a class, and with class status of an HTTP
// status, is worth another attempt.
//
// Without rules of its own a job is tried again after everything but an answer that
// says that the request is wrong: 3xx and 4xx, without 408, 425 and 429. The same
// request would be as wrong again (RFC 9110 §15.5), and those three say that it is a
// matter of time.
func (r Retry) Again(class string, status int) bool {
	switch {
	case len(r.On) == 0 && class == statusFailure:
		return passes(status)
	case len(r.On) == 0:
		return true
	case class != statusFailure:
		return slices.Contains(r.On, class)
	}
	return slices.ContainsFunc(r.On, func(rule string) bool {
		from, to, ok := statuses(rule)
		return ok && from <= status && status <= to
	})
}

// passes reports whether a status speaks of the moment, not of the request.
func passes(status int) bool {
	return status >= http.StatusInternalServerError || status < http.StatusMultipleChoices ||
		slices.Contains([]int{http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests}, status)
}

// statuses reads a status (503), a class of them (5xx) or a range (500-504).
func statuses(rule string) (from, to int, ok bool) {
	if digit, isClass := strings.CutSuffix(rule, "xx"); isClass {
		from, ok = number(digit, 1, 5)
		return from * 100, from*100 + 99, ok
	}
	first, last, isRange := strings.Cut(rule, "-")
	if !isRange {
		last = first
	}
	from, okFrom := number(first, 100, 599)
	to, okTo := number(last, from, 599)
	return from, to, okFrom && okTo
}

func number(text string, least, most int) (int, bool) {
	n, err := strconv.ParseUint(text, 10, 16)
	return int(n), err == nil && int(n) >= least && int(n) <= most && strconv.FormatUint(n, 10) == text
}

func validateRules(rules []string) error {
	var faults fault.Faults
	if len(rules) > maxRules {
		faults.Add("", "must be at most %d words, not %d", maxRules, len(rules))
	}
	for i, rule := range rules {
		if _, _, ok := statuses(rule); !ok && !slices.Contains(failures, rule) {
			faults.Add(fmt.Sprintf("[%d]", i), "must be %s, a status like 503, 5xx or 500-504, not %.40q", strings.Join(failures, ", "), rule)
		}
	}
	return faults.Err()
}
