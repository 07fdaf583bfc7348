package gateway

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// sampler makes requests up from the OpenAPI document: sound ones, and what becomes of
// them by accident or with intent. The same seed makes the same requests.
type sampler struct {
	*rand.Rand
	spec *spec
	of   tenant
}

func pick[T any](s *sampler, from ...T) T { return from[s.IntN(len(from))] }

func (s *sampler) chance(oneIn int) bool { return s.IntN(oneIn) == 0 }

// value makes a value that fits a schema, as far as the schema says it.
func (s *sampler) value(of schema, depth int) any {
	of = s.spec.resolve(of)
	inner, isMap := of.values()
	switch {
	case len(of.Enum) > 0:
		return pick(s, of.Enum...)
	case len(of.Properties) > 0:
		return s.object(of, depth)
	case isMap:
		return object{s.text(inner): s.value(inner, depth+1)}
	case of.Items != nil:
		list := []any{}
		for range s.IntN(3) {
			list = append(list, s.value(*of.Items, depth+1))
		}
		return list
	case of.Type == "integer", of.Type == "number":
		return pick[any](s, 1, 2, 7, 100)
	case of.Type == "boolean":
		return s.chance(2)
	}
	return s.text(of)
}

// object leaves out some of what need not be there.
func (s *sampler) object(of schema, depth int) object {
	tree := object{}
	for _, name := range slices.Sorted(maps.Keys(of.Properties)) {
		child := of.Properties[name]
		if !child.ReadOnly && s.chance(2+depth) || slices.Contains(of.Required, name) {
			tree[name] = s.value(child, depth+1)
		}
	}
	if _, named := of.Properties["namespace"]; named {
		tree["namespace"] = s.of.namespace
	}
	return tree
}

var texts = []string{"fresh", "a", "1h", "5s", "20%", "https://example.com/x", "GET", "* * * * *", "Europe/Berlin", "team=billing", "default", "02:00", "10.0.0.1"}

// text fits the format or the pattern of a schema.
func (s *sampler) text(of schema) string {
	switch of.Format {
	case "uuid":
		return pick(s, s.of.job, s.of.run, s.of.ended, s.of.backfill, s.of.id, s.of.check, s.of.token, uuid.NewString())
	case "date-time":
		return time.Now().Add(time.Duration(s.IntN(2000)-1000) * time.Minute).UTC().Format(time.RFC3339)
	}
	for _, example := range of.Examples {
		if text, ok := example.(string); ok && s.chance(2) {
			return harmless.ReplaceAllString(text, "ntfy://127.0.0.1/x")
		}
	}
	pattern := regexp.MustCompile(of.Pattern)
	for range 20 {
		if text := pick(s, append(texts, s.of.namespace, uuid.NewString()[:8])...); pattern.MatchString(text) {
			return text
		}
	}
	return "x"
}

// harmless finds addresses to which an alert would really go.
var harmless = regexp.MustCompile(`^(slack|ntfy|smtp|pagerduty)://.*`)

// oddities makes values that something might stumble over.
func oddities() []any {
	return []any{
		nil, true, 0, -1, 1.5, 1e300, json.Number("1e999"), json.Number("-9223372036854775809"), json.Number("18446744073709551616"), json.Number("0.1e-400"),
		"", " ", "\x00", "a\x00b", "\u202e\ufeff", "'; DROP TABLE jobs; --", "%", "\\", "{{", "{{job.name}}", "${x}", "../../etc/passwd", "(", "[", "$..[?(@)]",
		"0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", "-0001-01-01T00:00:00Z", "292277026596-12-04T15:30:08Z", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00Z",
		"99999999999h", "-1s", "0s", "1ns", "00000000-0000-0000-0000-000000000000", "NaN", "Infinity", "1e9", "*/0 * * * *", "0 0 31 2 *", "@every 1ns",
		"FREQ=SECONDLY;COUNT=1000000000", "http://[::1%25lo]:99999/", "file:///etc/passwd", strings.Repeat("a", 70), strings.Repeat("é", 5000), strings.Repeat("9", 400),
		[]any{}, object{}, []any{nil}, object{"": ""}, []any{[]any{[]any{}}}, object{"a": object{"b": object{"c": 1}}},
	}
}

// odd makes an oddity, once in a while a large one.
func (s *sampler) odd() any {
	switch s.IntN(60) {
	case 0:
		return strings.Repeat(pick(s, "a", "\x01", "{{", "日", "\"", "* "), s.IntN(200_000))
	case 1:
		return make([]any, s.IntN(20_000))
	case 2:
		return json.RawMessage(strings.Repeat(`[`, 2000) + strings.Repeat(`]`, 2000))
	case 3:
		return json.RawMessage(strings.Repeat(`{"a":`, 500) + "1" + strings.Repeat(`}`, 500))
	}
	return pick(s, oddities()...)
}

// spoil replaces, adds and takes away some of what a tree holds.
func (s *sampler) spoil(tree any) any {
	if s.chance(6) {
		return s.odd()
	}
	switch node := tree.(type) {
	case object:
		keys := slices.Sorted(maps.Keys(node))
		if len(keys) == 0 || s.chance(5) {
			node[pick(s, "unheard_of", "", "Name", "\x00", "__proto__", "a.b[0]")] = s.odd()
			return node
		}
		key := pick(s, keys...)
		if s.chance(6) {
			delete(node, key)
			return node
		}
		node[key] = s.spoil(node[key])
	case []any:
		if len(node) == 0 {
			return append(node, s.odd())
		}
		i := s.IntN(len(node))
		node[i] = s.spoil(node[i])
	default:
		return s.odd()
	}
	return tree
}
