package importer

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/carillon-cron/carillon/shared/fault"
)

// Item is one thing that a source defines, and what became of it.
type Item struct {
	Place    string            // where it stands: "crontab:12", "CronJob web/nightly"
	Name     string            // what its job is to be called; made to fit by [Import.Finish]
	Document carillon.Document // without defaults; meaningless if Refused
	Refused  bool
	Lost     fault.Faults // what could not be carried over, by field of the source
	Remarks  fault.Faults // what is written otherwise, and means the same
	garbled  bool         // it is not even known what it defines
	password string       // of the document's Auth.Basic, until there is a secret for it
}

// Lose notes that a field of the source has no place in the document.
func (i *Item) Lose(field, format string, args ...any) { i.Lost.Add(field, "%s", brief(format, args)) }

// Remark notes what is good to know.
func (i *Item) Remark(field, format string, args ...any) {
	i.Remarks.Add(field, "%s", brief(format, args))
}

// Refuse notes why there is no document.
func (i *Item) Refuse(field, format string, args ...any) {
	i.Refused = true
	i.Lose(field, format, args...)
}

// brief keeps a message on a line that can be read, and that does nothing to the
// terminal that shows it.
func brief(format string, args []any) string {
	const most = 400
	text := Printable(strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " "))
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// Printable leaves out what is not to be seen.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
}

// Outcome is how an item ended.
type Outcome string

// The outcomes.
const (
	Carried Outcome = "carried" // the document says all
	Partly  Outcome = "partly"  // something is lost
	Refused Outcome = "refused" // there is no document
)

// Outcome tells how the item ended.
func (i *Item) Outcome() Outcome {
	switch {
	case i.Refused:
		return Refused
	case len(i.Lost) > 0:
		return Partly
	}
	return Carried
}

// Header gives the target a header, unless Carillon sets it itself.
func (i *Item) Header(name, value string) {
	target := &i.Document.Target
	switch lower := strings.ToLower(name); {
	case lower == "connection" || lower == "keep-alive" || lower == "content-length" || lower == "transfer-encoding":
		i.Remark("header "+name, "is left to HTTP itself")
		return
	case lower == "host" || lower == "idempotency-key" || lower == "proxy-authorization" || lower == "upgrade" ||
		lower == "te" || lower == "trailer" || lower == "proxy-connection" || strings.HasPrefix(lower, "trace") || strings.HasPrefix(lower, "carillon-"):
		i.Lose("header "+name, "is one that Carillon sets itself")
		return
	}
	if target.Headers == nil {
		target.Headers = map[string]string{}
	}
	for given := range target.Headers {
		if strings.EqualFold(given, name) {
			delete(target.Headers, given)
			i.Lose("header "+name, "is given more than once; the last one counts")
		}
	}
	target.Headers[name] = Literal(value)
}

// Literal writes a text so that it has no placeholders: it stands for itself.
func Literal(text string) string { return strings.ReplaceAll(text, "{{", `{{"{{"}}`) }
