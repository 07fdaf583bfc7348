package template

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/valyala/fasttemplate"
)

const opening, closing = "{{", "}}"

// maxPlaceholders bounds how much longer than itself a text can become.
const maxPlaceholders = 100

// Template is a text with placeholders, read. It is safe for concurrent use.
type Template struct {
	text         string
	parsed       *fasttemplate.Template // nil without placeholders
	placeholders map[string]placeholder
	secrets      []string
}

// Has reports whether a text has placeholders at all.
func Has(text string) bool { return strings.Contains(text, opening) }

// Read returns the template of a text. Its error names what is wrong with the
// first faulty placeholder.
func Read(text string) (*Template, error) {
	t := &Template{text: text}
	if !Has(text) {
		return t, nil
	}
	parsed, err := fasttemplate.NewTemplate(text, opening, closing)
	if err != nil {
		return nil, errors.New(`has {{ without }}; write {{"{{"}} for two braces as they are`)
	}
	t.parsed, t.placeholders = parsed, map[string]placeholder{}
	count := 0
	_, err = parsed.ExecuteFunc(io.Discard, func(_ io.Writer, tag string) (int, error) {
		if count++; count > maxPlaceholders {
			return 0, fmt.Errorf("must have at most %d placeholders", maxPlaceholders)
		}
		return 0, t.add(tag)
	})
	return t, err
}

// Secrets names the secrets that the template needs, each once. The slice is the
// template's.
func (t *Template) Secrets() []string { return t.secrets }

func (t *Template) add(tag string) (err error) {
	if name := secretNamed(tag); name != "" && !slices.Contains(t.secrets, name) {
		t.secrets = append(t.secrets, name)
	}
	t.placeholders[tag], err = readPlaceholder(strings.TrimSpace(tag))
	return err
}

// Fill returns the text with values in place of its placeholders, each as escape
// writes it; nil means as it is.
func (t *Template) Fill(values *Values, escape func(string) string) string {
	if t.parsed == nil {
		return t.text
	}
	return t.parsed.ExecuteFuncString(func(w io.Writer, tag string) (int, error) {
		value := t.placeholders[tag](values)
		if escape != nil {
			value = escape(value)
		}
		return io.WriteString(w, value)
	})
}

// InURL escapes a value so that it is data wherever it stands behind the host of
// an address: it ends no segment, no parameter and no path.
func InURL(value string) string { return strings.ReplaceAll(url.QueryEscape(value), "+", "%20") }
