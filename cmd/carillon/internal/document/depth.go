package document

import (
	"bytes"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// deep reports whether a text may be nested too deeply: the marks and indentation of
// its lines, or its brackets. It is asked before the text is parsed, because that takes
// memory out of all proportion. Brackets may be part of a text, which only the lexer
// can tell; so many of them that no text has them are not worth its time.
func deep(text []byte) bool {
	for line := range bytes.Lines(text) {
		if lead := len(line) - len(bytes.TrimLeft(line, " -?:\t")); lead > 4*maxDepth {
			return true
		}
	}
	open := opened(text)
	return open > 100*maxDepth || open > maxDepth && nested(text)
}

// opened is how many brackets are open at most, wherever they stand.
func opened(text []byte) (most int) {
	open := 0
	for _, c := range text {
		switch c {
		case '[', '{':
			open++
			most = max(most, open)
		case ']', '}':
			open = max(open-1, 0)
		}
	}
	return most
}

// nested reports whether brackets that are no part of a text go too deep.
func nested(text []byte) bool {
	depth := 0
	for _, t := range lexer.Tokenize(string(text)) {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth = max(depth-1, 0)
		}
		if depth > maxDepth {
			return true
		}
	}
	return false
}
