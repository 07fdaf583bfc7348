package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// A tree is parsed JSON: maps, slices, strings, booleans, nil, and numbers as
// json.Number until inspect has read them.

func parseJSON(body []byte) (any, error) {
	if !utf8.Valid(body) {
		return nil, errors.New("is not UTF-8")
	}
	if isUnwieldy(body) {
		return nil, fmt.Errorf("is nested more than %d deep, has a name of more than %d bytes, or more than %d values", maxDepth, maxKey, maxValues)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil, syntaxError(err, decoder.InputOffset())
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("goes on after its end, at byte %d", decoder.InputOffset())
	}
	return tree, nil
}

// Bounds on JSON. A path in it is as long as all the names on its way, and there are
// as many paths as values: without bounds, that takes space by the square.
const (
	maxDepth = 32
	maxKey   = 256
	// maxValues fits the longest lists of ids, twice. A value takes a hundred times the
	// memory of its two bytes.
	maxValues = 500_000
)

func isUnwieldy(body []byte) bool {
	depth, values := 0, 0
	quoted, long := 0, false // quoted is where a string begins, after its quote
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted > 0 && c == '\\':
			i++
		case quoted > 0 && c == '"':
			quoted, long = 0, i-quoted > maxKey
		case quoted > 0:
		case c == '"':
			quoted = i + 1
		case c == ':' && long:
			return true
		case c == ',':
			values++
		case c == '{', c == '[':
			depth++
			values++
		case c == '}', c == ']':
			depth--
		}
		if depth > maxDepth || values > maxValues {
			return true
		}
	}
	return false
}

func syntaxError(err error, offset int64) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("ends too soon")
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = syntax.Offset
	}
	return fmt.Errorf("%s, at byte %d", err, offset)
}

// inspect reads the numbers of a tree, in place, and finds what neither a schema
// nor a type can see: numbers beyond all bounds, and NUL characters, which
// Postgres cannot store. It reads them all, and tells no more than mostFaults.
func inspect(tree any, path string) (faults []*huma.ErrorDetail) {
	tell := func(more ...*huma.ErrorDetail) {
		faults = append(faults, more[:min(len(more), mostFaults-len(faults))]...)
	}
	each(tree, path, func(path string, child any, set func(any)) {
		if literal, ok := child.(json.Number); ok {
			number, err := strconv.ParseFloat(string(literal), 64)
			if err != nil {
				tell(&huma.ErrorDetail{Location: path, Message: "is out of range"})
			}
			set(number)
		}
		if text, _ := child.(string); strings.ContainsRune(path, 0) || strings.ContainsRune(text, 0) {
			tell(&huma.ErrorDetail{Location: path, Message: "must not contain NUL characters"})
		}
		tell(inspect(child, path)...)
	})
	return faults
}

// prune takes the children at the given places out of a tree, in place.
func prune(tree any, path string, places map[string]bool) any {
	if places[path] {
		return nil
	}
	each(tree, path, func(path string, child any, set func(any)) {
		set(prune(child, path, places))
	})
	return tree
}

// each visits the children of a node. Paths are those of huma.
func each(tree any, path string, visit func(path string, child any, set func(any))) {
	switch node := tree.(type) {
	case map[string]any:
		for key, child := range node {
			visit(path+"."+key, child, func(v any) { node[key] = v })
		}
	case []any:
		for i, child := range node {
			visit(path+"["+strconv.Itoa(i)+"]", child, func(v any) { node[i] = v })
		}
	}
}

// mergePatch applies a JSON merge patch (RFC 7396) to a tree, in place.
func mergePatch(target, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	merged, ok := target.(map[string]any)
	if !ok {
		merged = map[string]any{}
	}
	for key, change := range changes {
		if change == nil {
			delete(merged, key)
			continue
		}
		merged[key] = mergePatch(merged[key], change)
	}
	return merged
}
