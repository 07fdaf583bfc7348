package api

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

const (
	// pieceOf is how much of a list is looked at before the faults are counted. One of
	// millions of them would cost gigabytes, for a thousand that are told.
	pieceOf = 64
	// mostNames bounds the names of an object whose schema is known.
	mostNames = 1000
)

// matchSchema says where a tree differs from the schema of a type, and stops when it
// has more than is told. Objects with too many names lose the rest of them.
func (a *API) matchSchema(t reflect.Type, tree any) []*huma.ErrorDetail {
	m := &matcher{registry: a.schemas()}
	m.match(m.registry.Schema(t, true, ""), tree, "body")
	slices.SortStableFunc(m.found, func(a, b *huma.ErrorDetail) int { return strings.Compare(a.Location, b.Location) })
	return m.found
}

func (a *API) schemas() huma.Registry { return a.huma.OpenAPI().Components.Schemas }

// matcher lets huma look at a tree without its long lists, and then at what was left
// out of them, a piece at a time.
type matcher struct {
	registry huma.Registry
	found    []*huma.ErrorDetail
}

// rest is what was left out of a list.
type rest struct {
	path string
	of   *huma.Schema
	all  []any
}

func (m *matcher) enough() bool { return len(m.found) >= mostFaults }

func (m *matcher) match(s *huma.Schema, tree any, path string) {
	var rests []rest
	short := m.shorten(s, tree, path, &rests)
	m.validate(s, short, path)
	for _, r := range rests {
		for i := pieceOf; i < len(r.all) && !m.enough(); i++ {
			m.match(r.of, r.all[i], fmt.Sprintf("%s[%d]", r.path, i))
		}
	}
}

func (m *matcher) validate(s *huma.Schema, tree any, at string) {
	path, result := huma.NewPathBuffer(nil, 0), &huma.ValidateResult{}
	path.Push(at)
	huma.Validate(m.registry, s, path, huma.ModeWriteToServer, tree, result)
	for _, err := range result.Errors {
		detailer, ok := err.(huma.ErrorDetailer)
		if !ok {
			detailer = &huma.ErrorDetail{Message: err.Error()} // that of a detail would spell out the object, once for each fault in it
		}
		m.found = append(m.found, detailer.ErrorDetail())
		tidyDetail(m.found[len(m.found)-1])
	}
}

// shorten returns a tree with the starts of its long lists, and adds what is left of
// them to rests. What has none is returned as it is.
func (m *matcher) shorten(s *huma.Schema, tree any, path string, rests *[]rest) any {
	for s != nil && s.Ref != "" {
		s = m.registry.SchemaFromRef(s.Ref)
	}
	switch node := tree.(type) {
	case map[string]any:
		if s != nil && s.Type == huma.TypeObject {
			return m.shortenObject(s, node, path, rests)
		}
	case []any:
		if s != nil && s.Type == huma.TypeArray {
			return m.shortenList(s, node, path, rests)
		}
	}
	return tree
}

func (m *matcher) shortenObject(s *huma.Schema, node map[string]any, path string, rests *[]rest) any {
	if len(node) > mostNames {
		m.found = append(m.found, &huma.ErrorDetail{Location: path, Message: fmt.Sprintf("has more than %d names", mostNames)})
		keepNames(node)
	}
	short := map[string]any{}
	for name, child := range node {
		of, known := s.Properties[name]
		if every, ok := s.AdditionalProperties.(*huma.Schema); ok && !known {
			of = every
		}
		short[name] = m.shorten(of, child, path+"."+name, rests)
	}
	return short
}

func keepNames(node map[string]any) {
	for name := range node {
		if len(node) <= mostNames {
			return
		}
		delete(node, name)
	}
}

func (m *matcher) shortenList(s *huma.Schema, list []any, path string, rests *[]rest) any {
	switch {
	case s.MaxItems != nil && len(list) > *s.MaxItems:
		m.found = append(m.found, &huma.ErrorDetail{Location: path, Message: fmt.Sprintf("expected array length <= %d", *s.MaxItems)})
		list = list[:min(*s.MaxItems, pieceOf)]
	case len(list) > pieceOf:
		*rests = append(*rests, rest{path, s.Items, list})
		list = list[:pieceOf]
	}
	short := make([]any, len(list))
	for i, child := range list {
		short[i] = m.shorten(s.Items, child, fmt.Sprintf("%s[%d]", path, i), rests)
	}
	return short
}
