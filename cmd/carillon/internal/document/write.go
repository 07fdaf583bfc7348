package document

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// YAML writes a value as a document, with the names and the order that it has in
// JSON. What is written is read again as the same value by [Parse], and alike by
// other readers of YAML 1.1 and 1.2: whatever could be taken for something else
// than text is in quotes.
func YAML(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	w := &writer{tokens: decoder}
	err = w.value("", true)
	return w.out.Bytes(), err
}

// writer turns JSON into YAML, token by token.
type writer struct {
	tokens *json.Decoder
	out    bytes.Buffer
}

// value writes the next value. What is indented more than the given text belongs to
// it; at the top it begins a line.
func (w *writer) value(indent string, top bool) error {
	token, err := w.tokens.Token()
	if err != nil {
		return err
	}
	switch token := token.(type) {
	case json.Delim:
		return w.collection(token, indent, top)
	case string:
		w.text(token, indent, top)
	case nil:
		w.line(top, "null")
	default:
		w.line(top, fmt.Sprint(token))
	}
	return nil
}

// line writes what stands behind a name, or alone.
func (w *writer) line(top bool, text string) {
	if !top {
		w.out.WriteByte(' ')
	}
	w.out.WriteString(text + "\n")
}

func (w *writer) collection(open json.Delim, indent string, top bool) error {
	if !w.tokens.More() {
		_, err := w.tokens.Token()
		w.line(top, map[json.Delim]string{'{': "{}", '[': "[]"}[open])
		return err
	}
	if !top {
		w.out.WriteByte('\n')
	}
	for w.tokens.More() {
		mark := "-"
		if open == '{' {
			name, err := w.tokens.Token()
			if err != nil {
				return err
			}
			mark = scalar(fmt.Sprint(name)) + ":"
		}
		w.out.WriteString(indent + mark)
		if err := w.value(indent+"  ", false); err != nil {
			return err
		}
	}
	_, err := w.tokens.Token()
	return err
}

// text writes a text, several lines of it as a block if a block can hold them.
func (w *writer) text(text, indent string, top bool) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if top || len(lines) < 2 || slices.ContainsFunc(lines, awkward) || lines[len(lines)-1] == "" {
		w.line(top, scalar(text))
		return
	}
	mark := "|-"
	if strings.HasSuffix(text, "\n") {
		mark = "|"
	}
	w.line(top, mark)
	for _, line := range lines {
		if line != "" {
			w.out.WriteString(indent + line)
		}
		w.out.WriteByte('\n')
	}
}

// awkward reports whether a line of a block would not be read as it is.
func awkward(line string) bool {
	return strings.TrimSpace(line) != line || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) || r == '\ufeff' })
}

var (
	// plain is what begins with a letter and has no sign that means something.
	plain = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9_./+=?&%,;@~*-]*((:|:?[/ ])[A-Za-z0-9_./+=?&%,;@~*-]+)*$`)
	// counted is a duration, or a cron expression that begins with a digit.
	counted = regexp.MustCompile(`^([0-9]+[smhd]([0-9]+[smh])*|[0-9][0-9,/-]*( [0-9A-Za-z*/,?-]+){4,6})$`)
	// word is what readers of YAML take for something else than text.
	word = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null|nan|inf)$`)
)

// scalar writes a text on one line, without quotes where nobody could take it for
// something else. JSON's quotes are YAML's.
func scalar(text string) string {
	if len(text) < 1000 && !strings.Contains(text, ": ") && (plain.MatchString(text) || counted.MatchString(text)) && !word.MatchString(text) {
		return text
	}
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a text has no value that fails
	return strings.TrimSuffix(quoted.String(), "\n")
}
