package importer

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/carillon-cron/carillon/shared/carillon"
)

// Secret stands for the value of a secret while a source is read. [Import.Finish]
// puts its placeholder there, and says that it has to be made.
func Secret(name string) string { return "\ue000" + name + "\ue001" }

var secret = regexp.MustCompile("\ue000([^\ue001]*)\ue001")

// credential matches names of headers whose values are nobody's business. A document
// is kept in git, in revisions and in exports, so they become secrets.
var credential = regexp.MustCompile(`(?i)(^|[-_])(authorization|auth|cookie|(api|auth|access|secret)?(key|token)|secret|password|signature)$`)

// BasicAuth gives the target a user, "name:password". The password becomes a secret,
// which [Import.Finish] names.
func (i *Item) BasicAuth(user string) {
	name, password, _ := strings.Cut(user, ":")
	if secret.MatchString(name) {
		i.Refuse("user", "is a secret too, which only a password can be; the secret may hold a whole header instead")
	}
	i.password = password
	i.Document.Target.Auth = &carillon.Auth{Basic: &carillon.Basic{Username: name}}
}

// Host is the host of an address, for names.
func Host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// secrets are those that documents need, by namespace/name, and what they hold, as
// far as sources say.
type secrets map[string]string

// named returns the name of the secret that holds a value: the one that is wanted, or
// with a suffix if that one holds something else.
func (s secrets) named(namespace, wanted, value string) string {
	name := wanted
	for n := 2; ; n++ {
		held, taken := s[namespace+"/"+name]
		if !taken || held == value {
			s[namespace+"/"+name] = value
			return name
		}
		suffix := fmt.Sprintf("-%d", n)
		name = wanted[:min(len(wanted), maxSecret-len(suffix))] + suffix
	}
}

func placeholder(name string) string { return "{{secret." + name + "}}" }

// reveal puts placeholders where secrets stand, and where they should.
func (i *Item) reveal(known secrets) {
	wanted := map[string]bool{}
	put := func(text string) string {
		return secret.ReplaceAllStringFunc(text, func(mark string) string {
			name := known.named(i.Document.Namespace, strings.Trim(mark, "\ue000\ue001"), mark)
			wanted[name] = true
			return placeholder(name)
		})
	}
	target := &i.Document.Target
	target.URL, target.Body = put(target.URL), put(target.Body)
	for _, name := range slices.Sorted(maps.Keys(target.Headers)) {
		value := put(target.Headers[name])
		if value == target.Headers[name] && value != "" && credential.MatchString(name) {
			value = i.conceal(known, name, value)
		}
		target.Headers[name] = value
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		i.Lose("secret", "%s has to be set: carillon secrets set %s/%s", name, i.Document.Namespace, name)
	}
	i.revealPassword(known)
}

// conceal makes a secret of the value of a header, but for the way to log in that it
// begins with, such as Bearer.
func (i *Item) conceal(known secrets, header, value string) string {
	scheme, rest, ok := strings.Cut(value, " ")
	if scheme += " "; !ok || !strings.HasSuffix(strings.ToLower(header), "authorization") {
		scheme, rest = "", value
	}
	name := known.named(i.Document.Namespace, SecretName(Host(i.Document.Target.URL), header), rest)
	i.Lose("header "+header, "what it says has to become a secret: carillon secrets set %s/%s", i.Document.Namespace, name)
	return scheme + placeholder(name)
}

// revealPassword names the secret that is the password of a user.
func (i *Item) revealPassword(known secrets) {
	target := &i.Document.Target
	if target.Auth == nil || target.Auth.Basic == nil {
		return
	}
	basic := target.Auth.Basic
	wanted := SecretName(Host(target.URL), basic.Username)
	if found := secret.FindStringSubmatch(i.password); found != nil && found[0] == i.password {
		wanted = found[1]
	}
	basic.Secret = known.named(i.Document.Namespace, wanted, i.password)
	i.Lose("user", "the password of %.60s has to become a secret: carillon secrets set %s/%s", basic.Username, i.Document.Namespace, basic.Secret)
}
