package template

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/carillon-cron/carillon/shared/schedule"
)

// Values are what placeholders stand for in one attempt.
type Values struct {
	FireTime              time.Time
	RunID                 string
	Attempt               int
	JobID, Job, Namespace string
	Revision              int64
	Secrets               map[string]string // by name, those that the template names
}

// Sample returns values of the usual kind, to check what a template becomes.
func Sample() *Values {
	const id = "01234567-89ab-7def-8123-456789abcdef"
	return &Values{
		FireTime: time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC), RunID: id, Attempt: 1,
		JobID: id, Job: "nightly-report", Namespace: "default", Revision: 1,
	}
}

// placeholder returns what it stands for.
type placeholder func(*Values) string

// names are the placeholders of texts and numbers.
var names = map[string]placeholder{
	"run_id":        func(v *Values) string { return v.RunID },
	"attempt":       func(v *Values) string { return strconv.Itoa(v.Attempt) },
	"job.id":        func(v *Values) string { return v.JobID },
	"job.name":      func(v *Values) string { return v.Job },
	"job.namespace": func(v *Values) string { return v.Namespace },
	"job.revision":  func(v *Values) string { return strconv.FormatInt(v.Revision, 10) },
}

const offered = "fire_time, run_id, attempt, job.id, job.name, job.namespace, job.revision and secret.<name>"

// secretPattern is what names a secret; in parentheses, how secrets are called.
var secretPattern = regexp.MustCompile(`^secret\.([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)$`)

// secretNamed returns the name of the secret that stands between the braces, or "".
func secretNamed(text string) string {
	subject, _, _ := strings.Cut(text, "|")
	if found := secretPattern.FindStringSubmatch(strings.TrimSpace(subject)); found != nil {
		return found[1]
	}
	return ""
}

// readPlaceholder reads what stands between the braces.
func readPlaceholder(text string) (placeholder, error) {
	if text == `"`+opening+`"` {
		return func(*Values) string { return opening }, nil
	}
	subject, format, formatted := strings.Cut(text, "|")
	subject, format = strings.TrimSpace(subject), strings.TrimSpace(format)
	if rest, ok := strings.CutPrefix(subject, "fire_time"); ok {
		return readInstant(rest, format, formatted)
	}
	value, known := names[subject]
	if name := secretNamed(subject); name != "" {
		value, known = func(v *Values) string { return v.Secrets[name] }, true
	}
	switch {
	case !known:
		return nil, fmt.Errorf(`has the unknown placeholder {{%.60s}}; there are %s; write {{"{{"}} for two braces as they are`, text, offered)
	case !formatted:
		return value, nil
	case format == "json":
		return asJSON(value), nil
	}
	return nil, fmt.Errorf("has the unknown format %.40q in {{%.60s}}; there is json", format, text)
}

func asJSON(value placeholder) placeholder {
	return func(v *Values) string {
		text, _ := json.Marshal(value(v)) // a string has no value that fails
		return string(text)
	}
}

var instantFormats = map[string]func(time.Time) string{
	"":        func(t time.Time) string { return t.Format(time.RFC3339Nano) },
	"json":    func(t time.Time) string { return t.Format(`"` + time.RFC3339Nano + `"`) },
	"date":    func(t time.Time) string { return t.Format(time.DateOnly) },
	"unix":    func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) },
	"unix_ms": func(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) },
}

// readInstant reads what follows fire_time: perhaps a sign and a duration, and a
// format.
func readInstant(offset, format string, formatted bool) (placeholder, error) {
	written, known := instantFormats[format]
	if !known || formatted && format == "" {
		return nil, fmt.Errorf("has the unknown format %.40q for fire_time; there are date, unix, unix_ms and json", format)
	}
	moved, err := readOffset(strings.TrimSpace(offset))
	if err != nil {
		return nil, err
	}
	return func(v *Values) string { return written(v.FireTime.UTC().Add(moved)) }, nil
}

// maxOffset keeps instants within years of four digits.
const maxOffset = 366 * 24 * time.Hour

func readOffset(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	var moved schedule.Duration
	err := moved.UnmarshalText([]byte(strings.TrimSpace(text[1:])))
	if err != nil || text[0] != '+' && text[0] != '-' || moved < 0 || time.Duration(moved) > maxOffset {
		return 0, fmt.Errorf("has fire_time with %.40q; a duration of at most 366d is added or taken away, like {{fire_time - 24h}}", text)
	}
	if text[0] == '-' {
		moved = -moved
	}
	return time.Duration(moved), nil
}
