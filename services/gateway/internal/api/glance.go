package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/carillon-cron/carillon/services/gateway/internal/jobstore"
	"github.com/carillon-cron/carillon/shared/carillon"
	"github.com/danielgtaylor/huma/v2"
)

// mostApplied is how many documents one apply takes.
const mostApplied = 1000

// glance is what the body of an apply says without being read: each document's
// name, and a digest of its text. It is empty for a body of which that is not sure,
// and believes nothing: only texts that were read and found good are known by it.
type glance struct {
	set   string
	dry   bool
	texts []jobstore.Text
}

// digestOf is the digest of all that says what a document means beside its text:
// with other defaults, the same text is another document.
func digestOf(schemas map[string]*huma.Schema) [sha256.Size]byte {
	text, _ := json.Marshal(schemas) // cannot fail: the OpenAPI document holds the same
	return sha256.Sum256(text)
}

func (a *API) glance(body []byte) (seen glance) {
	parts, ok := membersOf(body)
	if !ok {
		return glance{}
	}
	var texts []json.RawMessage
	for key, target := range map[string]any{"jobs": &texts, "set": &seen.set, "dry_run": &seen.dry} {
		if text, given := parts[key]; given && (string(text) == "null" || json.Unmarshal(text, target) != nil) {
			return glance{}
		}
		delete(parts, key)
	}
	if len(parts) > 0 || len(texts) > mostApplied || strings.ContainsRune(seen.set, 0) {
		return glance{}
	}
	taken := map[jobstore.Position]bool{}
	for _, text := range texts {
		known, ok := a.glanceAt(text)
		name := jobstore.Position{Namespace: known.Namespace, Name: known.Name}
		if !ok || taken[name] {
			return glance{}
		}
		taken[name] = true
		seen.texts = append(seen.texts, known)
	}
	return seen
}

func (a *API) glanceAt(text []byte) (jobstore.Text, bool) {
	document := struct{ Namespace, Name string }{}
	if err := json.Unmarshal(text, &document); err != nil || strings.ContainsRune(document.Namespace+document.Name, 0) {
		return jobstore.Text{}, false
	}
	namespace := carillon.Document{Namespace: document.Namespace}.WithDefaults().Namespace
	sum := sha256.New()
	sum.Write(a.documents[:])
	sum.Write(text)
	return jobstore.Text{Namespace: namespace, Name: document.Name, Digest: sum.Sum(nil)}, true
}

// membersOf returns the members of the object that a text is, unless it is anything
// else, or has one of them twice.
func membersOf(body []byte) (map[string]json.RawMessage, bool) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if begin, err := decoder.Token(); err != nil || begin != json.Delim('{') || !utf8.Valid(body) {
		return nil, false
	}
	members := map[string]json.RawMessage{}
	for decoder.More() {
		key, err := decoder.Token()
		name, _ := key.(string)
		var value json.RawMessage
		if _, twice := members[name]; err != nil || twice || decoder.Decode(&value) != nil {
			return nil, false
		}
		members[name] = value
	}
	if _, err := decoder.Token(); err != nil {
		return nil, false
	}
	return members, len(bytes.TrimSpace(body[decoder.InputOffset():])) == 0
}
