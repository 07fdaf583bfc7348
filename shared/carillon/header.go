package carillon

import (
	"maps"
	"net/textproto"
	"slices"
	"strings"
	"unicode"

	"github.com/carillon-cron/carillon/shared/fault"
	"golang.org/x/net/http/httpguts"
)

const (
	maxHeaders     = 50
	maxHeaderBytes = 8 << 10
)

// reservedHeaders are set by the runner or by HTTP itself. A job that could set
// them could smuggle requests or break a receiver's deduplication.
var reservedHeaders = map[string]bool{
	"Connection": true, "Content-Length": true, "Host": true, "Idempotency-Key": true, "Keep-Alive": true,
	"Proxy-Authorization": true, "Proxy-Connection": true, "Te": true, "Trailer": true,
	"Traceparent": true, "Tracestate": true, "Transfer-Encoding": true, "Upgrade": true,
}

func validateHeaders(headers map[string]string) error {
	var faults fault.Faults
	if len(headers) > maxHeaders {
		faults.Add("", "must be at most %d headers, not %d", maxHeaders, len(headers))
	}
	given := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		problem := headerProblem(name, headers[name])
		if problem == "" && given[canonical] {
			problem = "is given twice: case makes no difference"
		}
		if problem != "" {
			faults.Add("", "header %.70q %s", name, problem)
		}
		given[canonical] = true
	}
	return faults.Err()
}

func headerProblem(name, value string) string {
	canonical := textproto.CanonicalMIMEHeaderKey(name)
	switch {
	case !httpguts.ValidHeaderFieldName(name):
		return "is not a valid header name"
	case reservedHeaders[canonical] || strings.HasPrefix(canonical, "Carillon-"):
		return "is set by Carillon itself"
	case !httpguts.ValidHeaderFieldValue(value):
		return "has control characters in its value"
	case len(name)+len(value) > maxHeaderBytes:
		return "is longer than 8 KiB"
	}
	if err := templateProblem(value); err != nil {
		return err.Error()
	}
	return ""
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
