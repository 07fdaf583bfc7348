package api

import (
	"strings"
	"testing"
)

func TestRepeatedKeysAreCountedAsTheyAreFound(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{
		`{}`: 0, `7`: 0, `"a:b"`: 0, `{"a":1,"b":{"a":[{"a":":"},{"a":"\":"}]}}`: 0,
		`{"a":1,"a":1}`: 1, `{"a":{"b":1,"b":2}}`: 1, `[{"a":1,"a":{"a":1}},{"a":":","a":"\\"}]`: 2,
		`{"a":{"x":1,"y":2},"a":3}`: 1, `{"\u0061":1,"a":2}`: 1,
	} {
		tree, err := parseJSON([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := repeated([]byte(body), tree); len(got) != want {
			t.Errorf("%s: %v, want %d", body, got, want)
		}
	}
}

func TestIntegersMayBeWrittenAsFloats(t *testing.T) {
	t.Parallel()
	text := `{"name":"x","schedule":{"every":"1h"},"target":{"url":"https://example.com"},"retry":{"max_attempts":%s}}`
	a := New(Parts{})
	for _, number := range []string{"3", "3.0", "0.3e1"} {
		body := &payload{bytes: []byte(strings.ReplaceAll(text, "%s", number))}
		if got, err := document(a, body, a.complete); err != nil || got.Retry.MaxAttempts != 3 {
			t.Errorf("%s: %+v %v", number, got.Retry, err)
		}
	}
}
