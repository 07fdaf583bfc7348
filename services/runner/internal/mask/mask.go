// Package mask takes secrets out of texts that others will read.
//
// A target may answer with what it was sent, and an error may quote it. So what is
// kept of an attempt loses the secrets that the attempt used, in the forms in which
// they travel: as they are, in base64, in an address, in JSON. That covers a target
// that echoes; one that means to give a secret away could always turn it round.
package mask

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/carillon-cron/carillon/shared/template"
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
		quoted, _ := json.Marshal(secret) // cannot fail: a string
		m.forms = append(m.forms, secret, url.QueryEscape(secret), url.PathEscape(secret), template.InURL(secret), strings.Trim(string(quoted), `"`),
			strings.ReplaceAll(strings.ReplaceAll(secret, `\`, `\\`), `"`, `\"`),
			base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawStdEncoding.EncodeToString([]byte(secret)),
			base64.URLEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)))
	}
	slices.SortFunc(m.forms, func(a, b string) int { return len(b) - len(a) }) // a form may be part of another
	m.forms = slices.Compact(m.forms)
}

// Clean returns a text without the secrets. The start of one at the very end goes
// too: the text may have been cut off there.
func (m *Mask) Clean(text string) string {
	if m == nil || text == "" {
		return text
	}
	for _, form := range m.forms {
		text = strings.ReplaceAll(text, form, stead)
	}
	for _, form := range m.forms {
		text = cutEnd(text, form)
	}
	return text
}

func cutEnd(text, form string) string {
	for n := min(len(form)-1, len(text)); n >= shortestEnd; n-- {
		if strings.HasSuffix(text, form[:n]) {
			return text[:len(text)-n] + stead
		}
	}
	return text
}
