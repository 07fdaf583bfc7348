package carillon

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/carillon-cron/carillon/shared/template"
)

// urlProblem says what is wrong with a target address, or "".
func urlProblem(raw string) string {
	if problem := lengthProblem(raw); problem != "" {
		return problem
	}
	if template.Has(authority(raw)) {
		return "must not have a placeholder in its host: limits and permissions hold by host"
	}
	read, err := template.Read(raw)
	if err != nil {
		return err.Error()
	}
	return addressProblem(read.Fill(template.Sample(), template.InURL))
}

// fixedURLProblem says what is wrong with an address that nobody fills in, or "".
func fixedURLProblem(raw string) string {
	if template.Has(raw) {
		return "must not have placeholders"
	}
	if problem := lengthProblem(raw); problem != "" {
		return problem
	}
	return addressProblem(raw)
}

func lengthProblem(raw string) string {
	switch {
	case raw == "":
		return "is required, like https://api.example.com/report"
	case len(raw) > maxURLBytes:
		return "must be at most 2048 characters"
	}
	return ""
}

// origin is the scheme and the host of an address, whose rest may have placeholders.
func origin(raw string) (*url.URL, error) {
	scheme, _, _ := strings.Cut(raw, "://")
	return url.Parse(scheme + "://" + authority(raw))
}

// authority is the part of an address between // and its path, query or fragment.
func authority(raw string) string {
	_, rest, _ := strings.Cut(raw, "://")
	if end := strings.IndexAny(rest, `/?#\`); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

func addressProblem(raw string) string {
	u, err := url.Parse(raw)
	switch {
	case err != nil || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return "is not a valid address; write it like https://api.example.com/report"
	case u.Scheme != "http" && u.Scheme != "https":
		return "must start with http:// or https://"
	case u.Hostname() == "":
		return "has no host; write it like https://api.example.com/report"
	case u.User != nil:
		return "must not carry a user or password; send them in a header"
	case !validPort(u.Port()):
		return "must have a port from 1 to 65535, or none"
	}
	return ""
}

func validPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}
