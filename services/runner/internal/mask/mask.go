// Package mask takes secrets out of texts that others will read.
//
// A target may answer with what it was sent, and an error may quote it. So what is
// kept of an attempt loses the secrets that the attempt used, in the forms in which
// they travel: as they are and in base64, and both of them escaped as in an address
// or in JSON, however the target's language writes that. That covers a target
// that echoes; one that means to give a secret away could always turn it round.
package mask

import (
	"encoding/base64"
	"slices"
	"strings"
)

// stead stands for what was taken out.
const stead = "(secret)"

// shortestEnd is how much of a secret must stand at the end of a text to be taken
// for one that was cut off.
const shortestEnd = 4

// Mask knows the secrets of one attempt. A nil one knows none. It is not safe for
// concurrent use.
type Mask struct{ forms []string }

// Hide adds secrets; an empty one is none.
func (m *Mask) Hide(secrets ...string) {
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		m.forms = append(m.forms, secret,
			base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawStdEncoding.EncodeToString([]byte(secret)),
			base64.URLEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)))
	}
	slices.Sort(m.forms)
	m.forms = slices.Compact(m.forms)
}

// Clean returns a text without the secrets. The start of one at the very end goes
// too: the text may have been cut off there.
func (m *Mask) Clean(text string) string {
	if m == nil || text == "" {
		return text
	}
	var found []span
	for _, form := range m.forms {
		found = find(found, literal(text), form)
	}
	if escaped(text) {
		read := unescape(text)
		for _, form := range m.forms {
			found = find(found, read, unescape(form).text)
		}
	}
	return without(text, found)
}

// span is a part of a text, from one byte to before another.
type span struct{ from, to int }

// find adds where a form stands in a text, and where its start does at the end.
func find(found []span, in reading, form string) []span {
	for from := 0; ; {
		next := strings.Index(in.text[from:], form)
		if next < 0 {
			break
		}
		from += next + len(form)
		found = append(found, span{in.origin(from - len(form)), in.origin(from)})
	}
	for n := min(len(form)-1, len(in.text)); n >= shortestEnd; n-- {
		if strings.HasSuffix(in.text, form[:n]) {
			return append(found, span{in.origin(len(in.text) - n), in.origin(len(in.text))})
		}
	}
	return found
}

// without replaces parts of a text; those that overlap are one.
func without(text string, parts []span) string {
	slices.SortFunc(parts, func(a, b span) int { return a.from - b.from })
	var b strings.Builder
	end := 0
	for i, part := range parts {
		if i == 0 || part.from >= end {
			b.WriteString(text[end:part.from])
			b.WriteString(stead)
		}
		end = max(end, part.to)
	}
	b.WriteString(text[end:])
	return b.String()
}
