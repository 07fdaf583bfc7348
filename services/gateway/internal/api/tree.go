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
	if isDeep(body) {
		return nil, fmt.Errorf("is nested more than %d deep", maxDepth)
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

// maxDepth bounds how deep JSON is nested: every path in it is as long as it is
// deep, so that deep JSON with long keys takes space by its square.
const maxDepth = 100

func isDeep(body []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			depth++
		case c == '}', c == ']':
			depth--
		}
		if depth > maxDepth {
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
// Postgres cannot store.
func inspect(tree any, path string) (faults []*huma.ErrorDetail) {
	each(tree, path, func(path string, child any, set func(any)) {
		if literal, ok := child.(json.Number); ok {
			number, err := strconv.ParseFloat(string(literal), 64)
			if err != nil {
				faults = append(faults, &huma.ErrorDetail{Location: path, Message: "is out of range"})
			}
			set(number)
		}
		if text, _ := child.(string); strings.ContainsRune(path+text, 0) {
			faults = append(faults, &huma.ErrorDetail{Location: path, Message: "must not contain NUL characters"})
		}
		faults = append(faults, inspect(child, path)...)
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
			visit(fmt.Sprintf("%s[%d]", path, i), child, func(v any) { node[i] = v })
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
