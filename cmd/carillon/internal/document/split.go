package document

import (
	"bytes"
)

// Part is one of several documents of a text.
type Part struct {
	Line int // how many lines of the text stand before it
	Text []byte
}

// Split parts a text where lines begin with "---", and leaves out parts that hold
// nothing but blanks and comments. Each is to be parsed by itself, so that what is
// malformed in one is no fault of the others.
func Split(text []byte) (parts []Part) {
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
