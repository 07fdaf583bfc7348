package document

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/carillon-cron/carillon/shared/fault"
)

// Decode fills the value that into points to, by its json tags. It returns
// [fault.Faults] that name everything in the tree that does not fit; the rest
// is filled in nevertheless. What is null counts as not given.
func (t Tree) Decode(into any) error { return decode(t.root, reflect.ValueOf(into).Elem()) }

func decode(node any, into reflect.Value) error {
	if node == nil {
		return nil
	}
	if reader, ok := into.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return decodeText(node, reader)
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		return decode(node, into.Elem())
	case reflect.Struct:
		return decodeObject(node, into)
	case reflect.Map:
		return decodeMap(node, into)
	case reflect.Slice:
		return decodeList(node, into)
	}
	return decodeScalar(node, into)
}

func decodeObject(node any, into reflect.Value) error {
	given, ok := node.(map[string]any)
	if !ok {
		return fmt.Errorf("must be a set of fields, such as %s", strings.Join(slices.Sorted(maps.Keys(fieldsOf(into.Type()))), ", "))
	}
	var faults fault.Faults
	fields := fieldsOf(into.Type())
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if index, ok := fields[name]; ok {
			faults.Nest(name, decode(given[name], into.FieldByIndex(index)))
		} else {
			faults.Add(fmt.Sprintf("%.60s", name), "is not a field here; the fields are %s", strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
		}
	}
	return faults.Err()
}

// fieldsOf finds the fields of a struct, and those of structs embedded in it,
// by their names in JSON.
func fieldsOf(t reflect.Type) map[string][]int {
	if known, ok := fieldsKnown.Load(t); ok {
		return known.(map[string][]int)
	}
	fields := map[string][]int{}
	for _, field := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			fields[name] = field.Index
		}
	}
	fieldsKnown.Store(t, fields)
	return fields
}

// fieldsKnown keeps the fields of each struct, which are a handful.
var fieldsKnown sync.Map

func decodeMap(node any, into reflect.Value) error {
	given, ok := node.(map[string]any)
	if !ok {
		return errors.New("must be a set of names with values")
	}
	var faults fault.Faults
	into.Set(reflect.MakeMap(into.Type()))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value := reflect.New(into.Type().Elem()).Elem()
		faults.Nest(fmt.Sprintf("%.60s", name), decode(given[name], value))
		into.SetMapIndex(reflect.ValueOf(name), value)
	}
	return faults.Err()
}

func decodeList(node any, into reflect.Value) error {
	given, ok := node.([]any)
	if !ok {
		return errors.New("must be a list")
	}
	var faults fault.Faults
	into.Set(reflect.MakeSlice(into.Type(), len(given), len(given)))
	for i, child := range given {
		faults.Nest(fmt.Sprintf("[%d]", i), decode(child, into.Index(i)))
	}
	return faults.Err()
}

// decodeText fills what reads itself from text. A number has a text too, and
// what is wrong with it is better said by its reader.
func decodeText(node any, into encoding.TextUnmarshaler) error {
	switch node.(type) {
	case map[string]any, []any:
		return errors.New("must be text")
	}
	err := into.UnmarshalText(fmt.Append(nil, node))
	if _, ok := into.(*time.Time); ok && err != nil {
		return errors.New("must be an instant like 2026-03-29T01:30:00Z")
	}
	return err
}

func decodeScalar(node any, into reflect.Value) error {
	switch node.(type) {
	case map[string]any, []any:
		return fmt.Errorf("must be %s", form(into.Kind()))
	}
	text, err := json.Marshal(node)
	if err == nil {
		err = json.Unmarshal(text, into.Addr().Interface())
	}
	if err != nil {
		return fmt.Errorf("must be %s", form(into.Kind()))
	}
	return nil
}

func form(kind reflect.Kind) string {
	switch kind {
	case reflect.String:
		return "text, in quotes if it looks like something else"
	case reflect.Bool:
		return "true or false"
	}
	return "a whole number"
}
