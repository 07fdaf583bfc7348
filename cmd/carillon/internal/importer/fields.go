package importer

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Fields are the named values of an item, or of a part of it. Each one that is
// read counts as taken; what nobody took is lost when [Fields.Rest] is asked.
type Fields struct {
	item   *Item
	path   string
	values map[string]any
	taken  map[string]bool
	parts  []*Fields
}

// Read returns the fields of an item, as JSON has them.
func (i *Item) Read(values map[string]any) *Fields {
	return &Fields{item: i, values: values, taken: map[string]bool{}}
}

// Path is what a field is called in a report.
func (f *Fields) Path(name string) string { return strings.TrimPrefix(f.path+"."+name, ".") }

func (f *Fields) take(name string) any {
	f.taken[name] = true
	return f.values[name]
}

// Raw returns a field as it is, and does not take it.
func (f *Fields) Raw(name string) any { return f.values[name] }

// Has reports whether a field is given, and says something.
func (f *Fields) Has(name string) bool { return !empty(f.values[name]) }

// Text reads a field that is text, or a number or a flag written as one.
func (f *Fields) Text(name string) string {
	switch v := f.take(name).(type) {
	case nil:
		return ""
	case string:
		return v
	case map[string]any, []any:
		f.item.Lose(f.Path(name), "is not text")
		return ""
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

// Number reads a field that is a whole number, perhaps written as text.
func (f *Fields) Number(name string) int64 {
	text := f.Text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		f.item.Lose(f.Path(name), "%.40q is not a whole number", text)
	}
	return n
}

// Flag reads a field that is true or false, perhaps written as 1, "1" or "yes".
func (f *Fields) Flag(name string) bool {
	switch strings.ToLower(f.Text(name)) {
	case "", "0", "false", "no", "off":
		return false
	}
	return true
}

// Part reads a field that holds fields.
func (f *Fields) Part(name string) *Fields {
	values, ok := f.take(name).(map[string]any)
	if !ok && f.Has(name) {
		f.item.Lose(f.Path(name), "is not a set of fields")
	}
	part := &Fields{item: f.item, path: f.Path(name), values: values, taken: map[string]bool{}}
	f.parts = append(f.parts, part)
	return part
}

// Parts reads a field that is a list of sets of fields.
func (f *Fields) Parts(name string) (parts []*Fields) {
	for i, value := range f.List(name) {
		values, ok := value.(map[string]any)
		path := fmt.Sprintf("%s[%d]", f.Path(name), i)
		if !ok {
			f.item.Lose(path, "is not a set of fields")
			continue
		}
		parts = append(parts, &Fields{item: f.item, path: path, values: values, taken: map[string]bool{}})
	}
	f.parts = append(f.parts, parts...)
	return parts
}

// List reads a field that is a list.
func (f *Fields) List(name string) []any {
	list, ok := f.take(name).([]any)
	if !ok && f.Has(name) {
		f.item.Lose(f.Path(name), "is not a list")
	}
	return list
}

// Names lists the fields that say something, in order.
func (f *Fields) Names() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(f.values)), func(name string) bool { return !f.Has(name) })
}

// Skip takes fields that say nothing of when or what is called.
func (f *Fields) Skip(names ...string) {
	for _, name := range names {
		f.take(name)
	}
}

// Lose takes a field, and says what is lost with it if it says something.
func (f *Fields) Lose(name, format string, args ...any) {
	if f.take(name); f.Has(name) {
		f.item.Lose(f.Path(name), format, args...)
	}
}

// Rest loses every field that nobody took, of the parts too.
func (f *Fields) Rest() {
	for _, name := range f.Names() {
		if !f.taken[name] {
			f.item.Lose(f.Path(name), "has no counterpart (%.60s)", text(f.values[name]))
		}
	}
	for _, part := range f.parts {
		part.Rest()
	}
}

// text shows a value in a report.
func text(value any) string {
	shown, _ := json.Marshal(value) // what came from JSON or YAML; anything else shows as nothing
	return string(shown)
}

// empty reports whether a value says nothing: what a field is where it is not given.
func empty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return fmt.Sprint(value) == "0"
}
