package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// Part is one of several documents of a text.
type Part struct {
	Line int // how many lines of the text stand before it
	Text []byte
}

// Split parts a text into its documents: JSON into values that follow each other,
// and the elements of lists; YAML where lines begin with "---". Parts that hold
// nothing but blanks and comments are left out. Each is to be parsed by itself, so
// that what is malformed in one is no fault of the others.
func Split(text []byte) []Part {
	if parts, ok := splitJSON(text); ok {
		return parts
	}
	return splitYAML(text)
}

// splitJSON fails on whatever is not JSON from its beginning to its end.
func splitJSON(text []byte) (parts []Part, ok bool) {
	start := bytes.TrimLeft(text, " \t\r\n")
	if len(start) == 0 || start[0] != '{' && start[0] != '[' {
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	lines, seen := 0, 0
	add := func(value json.RawMessage) {
		from := int(decoder.InputOffset()) - len(value)
		lines += bytes.Count(text[seen:from], []byte("\n"))
		seen = from
		parts = append(parts, Part{lines, value})
	}
	for {
		var value json.RawMessage
		switch err := decoder.Decode(&value); {
		case errors.Is(err, io.EOF):
			return parts, true
		case err != nil:
			return nil, false
		case value[0] != '[':
			add(value)
			continue
		}
		base := int(decoder.InputOffset()) - len(value)
		for _, element := range elements(value) {
			lines += bytes.Count(text[seen:base+element.Line], []byte("\n"))
			seen = base + element.Line
			parts = append(parts, Part{lines, element.Text})
		}
	}
}

// elements returns those of a list in JSON; Line is where in it they begin.
func elements(list json.RawMessage) (parts []Part) {
	decoder := json.NewDecoder(bytes.NewReader(list))
	_, _ = decoder.Token() // the list is sound: it has been read before
	for decoder.More() {
		var value json.RawMessage
		_ = decoder.Decode(&value)
		parts = append(parts, Part{int(decoder.InputOffset()) - len(value), value})
	}
	return parts
}

func splitYAML(text []byte) (parts []Part) {
	start, line, startLine := 0, 0, 0
	end := func(at int) {
		if part := text[start:at]; !void(part) {
			parts = append(parts, Part{startLine, part})
		}
	}
	for at := 0; at < len(text); line++ {
		rest := text[at:]
		length := bytes.IndexByte(rest, '\n') + 1
		if length == 0 {
			length = len(rest)
		}
		if marker(rest[:length]) {
			end(at)
			start, startLine = at+len("---"), line
		}
		at += length
	}
	end(len(text))
	return parts
}

// marker reports whether a line begins a document.
func marker(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("---"))
	return ok && (len(rest) == 0 || bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0)
}

// void reports whether a part holds nothing.
func void(part []byte) bool {
	for line := range bytes.Lines(part) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && !bytes.Equal(line, []byte("...")) {
			return false
		}
	}
	return true
}

// Fields returns the fields of a document that is a set of fields.
func (t Tree) Fields() (map[string]any, bool) {
	fields, ok := t.root.(map[string]any)
	return fields, ok
}
