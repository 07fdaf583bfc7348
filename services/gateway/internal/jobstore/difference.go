package jobstore

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/carillon-cron/carillon/shared/carillon"
)

// differences are the fields in which two documents differ, as JSON pointers (RFC
// 6901), in order; none if they are the same. A list counts as one value.
func differences(before, after carillon.Document) []string {
	one, other := encode(before), encode(after)
	if bytes.Equal(one, other) {
		return nil
	}
	found := differ(nil, "", tree(one), tree(other))
	slices.Sort(found)
	return found
}

func tree(document []byte) (value any) {
	_ = json.Unmarshal(document, &value) // cannot fail: it was just encoded
	return value
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

func differ(found []string, path string, before, after any) []string {
	one, isObject := before.(map[string]any)
	other, areObjects := after.(map[string]any)
	if !isObject || !areObjects {
		if !reflect.DeepEqual(before, after) {
			found = append(found, path)
		}
		return found
	}
	keys := maps.Clone(one)
	maps.Copy(keys, other)
	for key := range keys {
		found = differ(found, path+"/"+pointerEscape.Replace(key), one[key], other[key])
	}
	return found
}

func encodeLabels(job carillon.Job) string {
	text, _ := json.Marshal(labels(job)) // cannot fail: strings only
	return string(text)
}
