package importer

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Secret stands for the value of a secret while a source is read. [Import.Finish]
// puts its placeholder there, and says that it has to be made.
func Secret(name string) string { return "\ue000" + name + "\ue001" }

var secret = regexp.MustCompile("\ue000([^\ue001]*)\ue001")

// IsSecret returns the name of the secret that a text is.
func IsSecret(text string) (name string, ok bool) {
	found := secret.FindStringSubmatch(text)
	if found == nil || found[0] != text {
		return "", false
	}
	return found[1], true
}

// reveal puts placeholders where secrets stand.
func (i *Item) reveal() {
	named := map[string]bool{}
	put := func(text string) string {
		return secret.ReplaceAllStringFunc(text, func(mark string) string {
			name := strings.Trim(mark, "\ue000\ue001")
			named[name] = true
			return "{{secret." + name + "}}"
		})
	}
	target := &i.Document.Target
	target.URL, target.Body = put(target.URL), put(target.Body)
	for _, name := range slices.Sorted(maps.Keys(target.Headers)) {
		target.Headers[name] = put(target.Headers[name])
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		i.Lose("secret", "%s has to be set: carillon secrets set %s/%s", name, i.Document.Namespace, name)
	}
}
