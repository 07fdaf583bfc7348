package jobfile

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
)

// Fault is something wrong with a document.
type Fault struct {
	Place   string `json:"place"` // file:line
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

// String returns "file:line: field: message".
func (f Fault) String() string {
	return f.Place + ": " + fault.Fault{Field: f.Field, Message: f.Message}.String()
}

// Fault returns what is wrong with a field, and where that is.
func (d *Document) Fault(field, message string) Fault {
	return Fault{d.Place(field), field, message}
}

// Check names everything that is wrong with the document itself.
func (d *Document) Check() (faults []Fault) {
	var wanted carillon.Document
	var form, meaning fault.Faults
	form.Nest("", d.tree.Decode(&wanted))
	meaning.Nest("", wanted.WithDefaults().Validate())
	for _, f := range meaning {
		if !slices.ContainsFunc(form, func(g fault.Fault) bool { return explains(g, f) }) {
			form = append(form, f)
		}
	}
	for _, f := range form {
		faults = append(faults, d.Fault(f.Field, f.Message))
	}
	return faults
}

// explains reports whether what is malformed, and so was left out, lies at or
// within the place that seems to lack something, or around it.
func explains(malformed, f fault.Fault) bool {
	return strings.HasPrefix(malformed.Field, f.Field) || strings.HasPrefix(f.Field, malformed.Field)
}

// Filled is the document with its defaults, as JSON has it. What is wrong with it
// is left out.
func (d *Document) Filled() (fields map[string]any, err error) {
	var wanted carillon.Document
	_ = d.tree.Decode(&wanted) // the server has taken it
	text, err := json.Marshal(wanted.WithDefaults())
	if err == nil {
		err = json.Unmarshal(text, &fields)
	}
	return fields, err
}

// twice finds documents of the same job.
func twice(documents []*Document) (faults []Fault) {
	type job struct{ namespace, name string }
	first := make(map[job]*Document, len(documents))
	for _, d := range documents {
		known := first[job{d.Namespace, d.Name}]
		switch {
		case d.Name == "":
		case known != nil:
			faults = append(faults, d.Fault("name", "is that of "+known.Place("name")+" as well"))
		default:
			first[job{d.Namespace, d.Name}] = d
		}
	}
	return faults
}
