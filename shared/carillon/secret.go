package carillon

import (
	"fmt"
	"maps"
	"slices"

	"github.com/carillon-cron/carillon/shared/fault"
	"github.com/carillon-cron/carillon/shared/template"
)

// SecretName is what a secret is known by.
type SecretName struct{ Namespace, Name string }

// MaxSecretBytes is the longest value of a secret.
const MaxSecretBytes = 64 << 10

// SecretUse is a place in a document that names a secret of its namespace.
type SecretUse struct {
	Field  string // of the document, like target.auth.bearer.secret
	Secret string
}

// SecretUses lists the places in a document that name a secret. A secret may be
// named in several.
func (d *Document) SecretUses() (uses []SecretUse) {
	add := func(field, name string) { uses = append(uses, SecretUse{"target." + field, name}) }
	if auth := d.Target.Auth; auth != nil {
		if auth.Bearer != nil {
			add("auth.bearer.secret", auth.Bearer.Secret)
		}
		if auth.Basic != nil {
			add("auth.basic.secret", auth.Basic.Secret)
		}
		if auth.OAuth2 != nil {
			add("auth.oauth2.secret", auth.OAuth2.Secret)
		}
		if auth.MTLS != nil {
			add("auth.mtls.secret", auth.MTLS.Secret)
		}
	}
	for _, text := range d.Target.texts() {
		read, err := template.Read(text.value)
		if err != nil {
			continue // validation says so
		}
		for _, name := range read.Secrets() {
			add(text.field, name)
		}
	}
	if signing := d.Target.Signing; signing != nil {
		for i, name := range signing.Secrets {
			add(fmt.Sprintf("signing.secrets[%d]", i), name)
		}
	}
	return uses
}

// text is a part of a target that may have placeholders.
type text struct{ field, value string }

// texts lists the parts of a target that may have placeholders.
func (t *Target) texts() []text {
	texts := []text{{"url", t.URL}, {"body", t.Body}}
	for _, name := range slices.Sorted(maps.Keys(t.Headers)) {
		texts = append(texts, text{"headers", t.Headers[name]})
	}
	return texts
}

func secretFault(field, name string) error {
	var faults fault.Faults
	checkSlug(&faults, field, name)
	return faults.Err()
}
