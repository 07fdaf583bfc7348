package api

import (
	"encoding/base64"
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"
)

// page is one page of a list.
type page[T any] struct {
	Items      []T    `json:"items" doc:"In the order of the list."`
	NextCursor string `json:"next_cursor,omitempty" doc:"Ask for the next page with this as cursor. Missing on the last page."`
}

// Paging is the input of every list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"Most items on a page."`
	Cursor string `query:"cursor" maxLength:"1000" doc:"The next_cursor of the page before."`
}

// newPage makes a page of up to limit+1 items: one more than asked for says that
// there is a next page, which begins after the position of the last one shown.
func newPage[T, P any](items []T, limit int, position func(T) P) page[T] {
	if len(items) <= limit {
		return page[T]{Items: append([]T{}, items...)}
	}
	return page[T]{Items: items[:limit], NextCursor: encodeCursor(position(items[limit-1]))}
}

func encodeCursor[P any](position P) string {
	data, _ := json.Marshal(position) // cannot fail: positions are plain data
	return base64.RawURLEncoding.EncodeToString(data)
}

// decodeCursor returns the position in a cursor; the zero position for "".
func decodeCursor[P any](cursor string) (position P, err error) {
	if cursor == "" {
		return position, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(data, &position)
	}
	if err != nil || !storable(data) {
		return position, invalidQuery("cursor", "is not a next_cursor of this list")
	}
	return position, nil
}

// storable reports whether what JSON holds can be looked for in Postgres: a cursor
// comes back from outside.
func storable(data []byte) bool {
	tree, err := parseJSON(data)
	return err == nil && len(inspect(tree, "")) == 0
}

func invalidQuery(name, message string) error {
	return invalid([]*huma.ErrorDetail{{Location: "query." + name, Message: message}})
}
