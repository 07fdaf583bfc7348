package mask

import (
	"encoding/hex"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// reading is a text as it reads without its escapes. Two writings of one text have
// the same reading, whatever an address, JSON or both made of it.
type reading struct {
	text string
	// at is where each byte of text begins in what was written, and where that ends;
	// nil if nothing is different.
	at []int
}

func literal(text string) reading { return reading{text: text} }

// origin is where the byte i began in what was written.
func (r reading) origin(i int) int {
	if r.at == nil {
		return i
	}
	return r.at[i]
}

// escaped reports whether a text may have escapes.
func escaped(text string) bool { return strings.ContainsAny(text, `%\+`) }

// deepest is how many escapes within escapes are read.
const deepest = 4

func unescape(text string) reading {
	read := literal(text)
	for range deepest {
		if !escaped(read.text) {
			break
		}
		read = read.unescaped()
	}
	return read
}

// unescaped reads one layer of escapes.
func (r reading) unescaped() reading {
	text, at := make([]byte, 0, len(r.text)), make([]int, 0, len(r.text)+1)
	for i := 0; i < len(r.text); {
		meant, n := escape(r.text[i:])
		for range meant {
			at = append(at, r.origin(i))
		}
		text = append(text, meant...)
		i += n
	}
	return reading{string(text), append(at, r.origin(len(r.text)))}
}

// escape reads what a text begins with: the bytes that it means, and the length of
// how it is written. One that is cut off by the end of the text means nothing.
func escape(text string) (meant []byte, n int) {
	switch text[0] {
	case '+':
		return []byte{' '}, 1
	case '%':
		if len(text) < 3 {
			return cutOff(text)
		}
		if meant, err := hex.DecodeString(text[1:3]); err == nil {
			return meant, 3
		}
	case '\\':
		return backslash(text)
	}
	return []byte{text[0]}, 1
}

// cutOff reads the end of a text that is the start of an escape, or none at all.
func cutOff(text string) (meant []byte, n int) {
	if strings.Trim(text[1:], "u0123456789abcdefABCDEF") == "" {
		return nil, len(text)
	}
	return []byte{text[0]}, 1
}

var short = map[byte]byte{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', '/': '/', '\\': '\\', '"': '"'}

func backslash(text string) (meant []byte, n int) {
	if len(text) == 1 {
		return nil, 1
	}
	if char, ok := short[text[1]]; ok {
		return []byte{char}, 2
	}
	first, ok := unit(text)
	if !ok {
		return cutOff(text)
	}
	if second, ok := unit(text[6:]); ok && utf16.IsSurrogate(first) {
		return utf8.AppendRune(nil, utf16.DecodeRune(first, second)), 12
	}
	return utf8.AppendRune(nil, first), 6
}

// unit reads a \u escape.
func unit(text string) (r rune, ok bool) {
	if len(text) < 6 || text[:2] != `\u` {
		return 0, false
	}
	code, err := hex.DecodeString(text[2:6])
	if err != nil {
		return 0, false
	}
	return rune(code[0])<<8 | rune(code[1]), true
}
