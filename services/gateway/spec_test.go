package gateway

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
)

// spec is the OpenAPI document, as a client reads it.
type spec struct {
	Paths      map[string]map[string]specified
	Components struct{ Schemas map[string]schema }
}

// specified is an operation of the document.
type specified struct {
	method, path string

	ID         string      `json:"operationId"`
	Parameters []parameter `json:"parameters"`
	Body       *struct {
		Content map[string]content `json:"content"`
	} `json:"requestBody"`
	Responses map[string]struct {
		Content map[string]content `json:"content"`
	} `json:"responses"`
}

type parameter struct {
	Name    string `json:"name"`
	In      string `json:"in"`
	Explode bool   `json:"explode"`
	Schema  schema `json:"schema"`
}

type content struct {
	Schema  schema `json:"schema"`
	Example any    `json:"example"`
}

// schema is the part of JSON Schema that the document uses.
type schema struct {
	Ref        string            `json:"$ref"`
	Type       any               `json:"type"` // a name, or several
	Format     string            `json:"format"`
	Pattern    string            `json:"pattern"`
	Enum       []any             `json:"enum"`
	Examples   []any             `json:"examples"`
	Properties map[string]schema `json:"properties"`
	Required   []string          `json:"required"`
	Items      *schema           `json:"items"`
	Minimum    *float64          `json:"minimum"`
	MaxLength  *int              `json:"maxLength"`
	ReadOnly   bool              `json:"readOnly"`
	Others     json.RawMessage   `json:"additionalProperties"`
}

func (w *world) spec(t *testing.T) *spec {
	t.Helper()
	s := into[spec](t, w.callAs(t, "", "GET", "/openapi.json", nil), 200)
	return &s
}

// operations lists all operations, in an order that does not change.
func (s *spec) operations() (all []specified) {
	for path, methods := range s.Paths {
		for method, op := range methods {
			op.method, op.path = strings.ToUpper(method), path
			all = append(all, op)
		}
	}
	slices.SortFunc(all, func(a, b specified) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// resolve follows references.
func (s *spec) resolve(of schema) schema {
	for of.Ref != "" {
		of = s.Components.Schemas[of.Ref[strings.LastIndex(of.Ref, "/")+1:]]
	}
	return of
}

// body is the schema of an operation's body. That of a patch is what the patched
// document has to fit.
func (s *spec) body(op specified) schema {
	if op.ID == "patch-job" {
		return s.Components.Schemas["Document"]
	}
	return s.resolve(op.Body.Content["application/json"].Schema)
}

// values is the schema of a map's values; false if there are none but properties.
func (s schema) values() (schema, bool) {
	var of schema
	if len(s.Others) == 0 || json.Unmarshal(s.Others, &of) != nil {
		return of, false
	}
	return of, true
}

// takesAnyText reports whether any text is a value, or an item.
func (s schema) takesAnyText() bool {
	if s.Items != nil {
		return s.Items.takesAnyText()
	}
	return s.Type == "string" && s.Format == "" && s.Enum == nil && s.Pattern == ""
}

// wrong builds a value that has the form of a schema, with something of another type
// in each place that a type is wanted for, and returns the places.
func (s *spec) wrong(of schema, at string) (value any, places []string) {
	of = s.resolve(of)
	inner, isMap := of.values()
	switch {
	case of.ReadOnly || of.Type == nil:
		return nil, nil
	case len(of.Properties) > 0:
		tree := object{}
		for _, name := range slices.Sorted(maps.Keys(of.Properties)) {
			if child, found := s.wrong(of.Properties[name], at+"."+name); len(found) > 0 {
				tree[name], places = child, append(places, found...)
			}
		}
		return tree, places
	case isMap:
		child, found := s.wrong(inner, at+".key")
		return object{"key": child}, found
	case of.Items != nil:
		child, found := s.wrong(*of.Items, at+"[0]")
		return []any{child}, found
	case of.Type == "string":
		return 7, []string{at}
	}
	return "wrong", []string{at}
}

// unknown builds a value with a property that nobody knows in each object that a
// schema has, and returns the places.
func (s *spec) unknown(of schema, at string) (value any, places []string) {
	of = s.resolve(of)
	switch {
	case of.ReadOnly:
	case len(of.Properties) > 0:
		tree := object{"unheard_of": 1}
		places = []string{at + ".unheard_of"}
		for name, child := range of.Properties {
			if inner, found := s.unknown(child, at+"."+name); len(found) > 0 {
				tree[name], places = inner, append(places, found...)
			}
		}
		return tree, places
	case of.Items != nil:
		if inner, found := s.unknown(*of.Items, at+"[0]"); len(found) > 0 {
			return []any{inner}, found
		}
	}
	return nil, nil
}

// address is an operation's path with the names of a tenant's things.
func (op specified) address(about tenant) string {
	id := about.job
	for part, other := range map[string]string{"/backfills/{": about.backfill, "/runs/": about.ended, "/keys/": about.id, "/checks/": about.check} {
		if strings.Contains(op.path, part) {
			id = other
		}
	}
	name := "fresh"
	for part, kind := range map[string]string{"/secrets/": "secret", "/alert-routes/": "route"} {
		if strings.Contains(op.path, part) {
			name = fmt.Sprintf("%s-of-%s", kind, about.namespace)
		}
	}
	return strings.NewReplacer("{id}", id, "{name}", name, "{namespace}", about.namespace, "{token}", about.token, "{event}", "success").Replace(op.path)
}

// misfit says where a value does not fit a schema: what it lacks, what nobody knows,
// and what is of another type; "" if it fits.
func (s *spec) misfit(of schema, value any, at string) string {
	of = s.resolve(of)
	if of.Type != nil && !slices.Contains(of.types(), typeOf(value)) {
		return fmt.Sprintf("%s is %s, want %v", at, typeOf(value), of.Type)
	}
	if len(of.Enum) > 0 && !slices.Contains(of.Enum, value) {
		return fmt.Sprintf("%s is %v, want one of %v", at, value, of.Enum)
	}
	switch node := value.(type) {
	case map[string]any:
		return s.misfitObject(of, node, at)
	case []any:
		for i, item := range node {
			if of.Items == nil {
				continue
			}
			if problem := s.misfit(*of.Items, item, fmt.Sprintf("%s[%d]", at, i)); problem != "" {
				return problem
			}
		}
	}
	return ""
}

func (s *spec) misfitObject(of schema, node map[string]any, at string) string {
	for _, name := range of.Required {
		if _, ok := node[name]; !ok {
			return at + "." + name + " is missing"
		}
	}
	values, isMap := of.values()
	for name, child := range node {
		inner, known := of.Properties[name]
		if !known && isMap {
			inner, known = values, true
		}
		if !known && string(of.Others) == "false" {
			return at + "." + name + " is not documented"
		}
		if problem := s.misfit(inner, child, at+"."+name); problem != "" {
			return problem
		}
	}
	return ""
}

// types are the names of the types that a schema allows.
func (s schema) types() (names []string) {
	switch of := s.Type.(type) {
	case string:
		names = []string{of}
	case []any:
		for _, name := range of {
			names = append(names, name.(string))
		}
	}
	if slices.Contains(names, "number") {
		names = append(names, "integer")
	}
	return names
}

func typeOf(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		if v == math.Trunc(v) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}
