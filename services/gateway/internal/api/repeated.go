package api

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/danielgtaylor/huma/v2"
)

// repeated finds the keys that an object of a body has more than once. The tree
// that was made of it holds only the last of them, so a body which has more keys is
// read anew.
func repeated(body []byte, tree any) []*huma.ErrorDetail {
	if keysOfText(body) == keysOfTree(tree) {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	return repeatedIn(decoder, "body")
}

// keysOfText counts the keys in JSON: outside of strings, each has a colon.
func keysOfText(body []byte) (count int) {
	inString := false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case !inString && c == ':':
			count++
		}
	}
	return count
}

func keysOfTree(tree any) (count int) {
	switch node := tree.(type) {
	case map[string]any:
		count = len(node)
		for _, child := range node {
			count += keysOfTree(child)
		}
	case []any:
		for _, child := range node {
			count += keysOfTree(child)
		}
	}
	return count
}

func repeatedIn(decoder *json.Decoder, path string) (faults []*huma.ErrorDetail) {
	begin, _ := decoder.Token()
	switch begin {
	case json.Delim('{'):
		faults = repeatedKeys(decoder, path)
	case json.Delim('['):
		for i := 0; decoder.More(); i++ {
			faults = append(faults, repeatedIn(decoder, fmt.Sprintf("%s[%d]", path, i))...)
		}
	default:
		return nil
	}
	_, _ = decoder.Token() // the end of what began
	return faults
}

func repeatedKeys(decoder *json.Decoder, path string) (faults []*huma.ErrorDetail) {
	seen := map[json.Token]bool{}
	for decoder.More() {
		key, _ := decoder.Token()
		location := fmt.Sprintf("%s.%s", path, key)
		if seen[key] && len(faults) < mostFaults {
			faults = append(faults, &huma.ErrorDetail{Location: location, Message: "is given more than once"})
		}
		seen[key] = true
		faults = append(faults, repeatedIn(decoder, location)...)
	}
	return faults
}
