// Package fault says what is wrong with a document, field by field.
//
// A reader of a document collects one [Fault] per faulty field, so that
// whoever wrote it learns of everything at once. Each level validates its own
// part with field names relative to itself; its parent nests them under its
// own name with [Faults.Nest]. The result is one flat list of JSON paths
// ("schedule.blackouts[1].duration"), which the API, the CLI and the UI show
// as it is.
//
// The package has no notion of severity, codes or languages on purpose: a
// fault is something that must be corrected, said in one plain sentence.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Fault is one thing wrong with one field. Field is its JSON path relative to
// the document that was checked; it is empty when the document as a whole is
// meant.
type Fault struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// String returns "field: message", or the message alone.
func (f Fault) String() string {
	if f.Field == "" {
		return f.Message
	}
	return f.Field + ": " + f.Message
}

// Faults is everything wrong with a document, in the order found. It is an
// error once it holds something; the zero value is ready for use and is not
// safe for concurrent use.
type Faults []Fault

// Add notes that field is faulty. The message is formatted as by
// [fmt.Sprintf].
func (f *Faults) Add(field, format string, args ...any) {
	*f = append(*f, Fault{Field: field, Message: fmt.Sprintf(format, args...)})
}

// Nest adds what err holds as faults of the part called prefix. Faults keep
// their own fields under it; any other error becomes one fault of prefix
// itself. A nil err adds nothing.
func (f *Faults) Nest(prefix string, err error) {
	if err == nil {
		return
	}
	nested, ok := errors.AsType[Faults](err)
	if !ok {
		*f = append(*f, Fault{Field: prefix, Message: err.Error()})
		return
	}
	for _, inner := range nested {
		*f = append(*f, Fault{Field: join(prefix, inner.Field), Message: inner.Message})
	}
}

// Err returns f as an error, or nil when nothing is wrong.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// Error returns all faults on one line: "cron: …; timezone: …".
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.String()
	}
	return strings.Join(lines, "; ")
}

func join(prefix, field string) string {
	if prefix == "" || field == "" || strings.HasPrefix(field, "[") {
		return prefix + field
	}
	return prefix + "." + field
}
