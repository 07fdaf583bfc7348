package api

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// misfits finds the strings of a tree that a type, which reads itself from text,
// refuses there: durations and instants. Left to encoding/json, the first of them
// would end the decoding, without a word about its place. It stops after mostFaults.
func misfits(t reflect.Type, tree any, path string) (found []*huma.ErrorDetail) {
	if tree == nil {
		return nil
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reader, ok := reflect.New(t).Interface().(encoding.TextUnmarshaler); ok {
		return misfit(reader, tree, path)
	}
	switch node := tree.(type) {
	case map[string]any:
		if t.Kind() == reflect.Struct {
			for _, field := range fieldsOf(t) {
				if child := node[field.name]; child != nil {
					found = append(found, misfits(field.of, child, path+"."+field.name)...)
				}
			}
		}
	case []any:
		if t.Kind() == reflect.Slice {
			for i, child := range node {
				if len(found) >= mostFaults {
					break
				}
				found = append(found, misfits(t.Elem(), child, fmt.Sprintf("%s[%d]", path, i))...)
			}
		}
	}
	return found
}

// field is a field of a struct, by its name in JSON.
type field struct {
	name string
	of   reflect.Type
}

// fields are those of the structs that were asked for: [reflect.VisibleFields] is slow,
// and the types are few.
var fields sync.Map

func fieldsOf(t reflect.Type) []field {
	if known, ok := fields.Load(t); ok {
		return known.([]field)
	}
	var all []field
	for _, visible := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(visible.Tag.Get("json"), ",")
		all = append(all, field{name, visible.Type})
	}
	fields.Store(t, all)
	return all
}

func misfit(reader encoding.TextUnmarshaler, value any, path string) []*huma.ErrorDetail {
	text, ok := value.(string)
	if !ok {
		return nil // another type altogether, which the schema has told
	}
	if err := reader.UnmarshalText([]byte(text)); err != nil {
		return []*huma.ErrorDetail{{Location: path, Message: err.Error()}}
	}
	return nil
}
