package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Objects reads the objects of a text in JSON: one, several below each other, a
// list of them, or those of a list that is the field of an object. The name of the
// field is tried in turn.
func Objects(text string, lists ...string) (objects []map[string]any, err error) {
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	for {
		var value any
		switch err := decoder.Decode(&value); {
		case errors.Is(err, io.EOF):
			return objects, nil
		case err != nil:
			return objects, fmt.Errorf("is not JSON: %w", err)
		}
		objects = append(objects, objectsOf(value, lists)...)
	}
}

func objectsOf(value any, lists []string) (objects []map[string]any) {
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			objects = append(objects, objectsOf(element, nil)...)
		}
		return objects
	case map[string]any:
		for _, name := range lists {
			if list, ok := v[name].([]any); ok {
				return objectsOf(list, nil)
			}
		}
		return []map[string]any{v}
	}
	return []map[string]any{nil} // an item that is refused for having no fields
}
