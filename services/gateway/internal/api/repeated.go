package api

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/danielgtaylor/huma/v2"
)

// repeated finds the keys that an object of a body has more than once. A tree
// holds only the last of them, so the body, which is known to be JSON, is read
// anew.
func repeated(body []byte) []*huma.ErrorDetail {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	return repeatedIn(decoder, "body")
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
		if seen[key] {
			faults = append(faults, &huma.ErrorDetail{Location: location, Message: "is given more than once"})
		}
		seen[key] = true
		faults = append(faults, repeatedIn(decoder, location)...)
	}
	return faults
}
