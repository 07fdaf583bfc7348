package api

import (
	"errors"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
)

const someID = `"8e03978e-40d5-43dd-bc93-6894a57f9324"`

// listOf is a list of n times a value.
func listOf(n int, value string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(value+",", n), ",") + "]"
}

func bulkOf(ids string) string { return `{"action":"pause","filter":{"ids":` + ids + `}}` }

func readAs[T any](a *API, body string) (T, []*huma.ErrorDetail) {
	value, err := document(a, &payload{bytes: []byte(body)}, func(*T) error { return nil })
	problem, _ := errors.AsType[*huma.ErrorModel](err)
	if problem == nil {
		return value, nil
	}
	return value, problem.Errors
}

func TestLongListsAreReadToTheirEnd(t *testing.T) {
	t.Parallel()
	a := New(Parts{})
	order, faults := readAs[bulkOrder](a, bulkOf(listOf(1000, someID)))
	if len(faults) > 0 || len(order.Filter.IDs) != 1000 || order.Filter.IDs[999] == uuid.Nil {
		t.Errorf("%d ids, %v", len(order.Filter.IDs), faults)
	}
	list := strings.TrimSuffix(listOf(999, someID), "]") + `,"x"]`
	if _, faults := readAs[bulkOrder](a, bulkOf(list)); len(faults) != 1 || faults[0].Location != "body.filter.ids[999]" {
		t.Errorf("the last is wrong: %+v", faults)
	}
	job := `{"name":"x","schedule":{"every":"1h"},"target":{"url":"https://example.com"},"retry":{"on":` + listOf(100, `"tls"`) + `}}`
	_, faults = readAs[applyOrder](a, `{"jobs":`+listOf(65, job)+`}`)
	if len(faults) != 65 || !strings.HasSuffix(faults[64].Location, "].retry.on") {
		t.Errorf("%d faults of lists in lists: %+v", len(faults), faults[:min(1, len(faults))])
	}
}

// TestWhatIsFoundOfABadBodyIsBounded counts what is allocated for values: the tree of a
// body needs some for each, its faults must not.
func TestWhatIsFoundOfABadBodyIsBounded(t *testing.T) {
	a := New(Parts{})
	const many = 50_000
	names := func(value string) string {
		var body strings.Builder
		for i := range many {
			body.WriteString(`"` + strings.Repeat("k", i%200) + string(rune('a'+i/200%26)) + string(rune('a'+i/5200)) + `":` + value + `,`)
		}
		return body.String()
	}
	for name, body := range map[string]string{
		"numbers for ids": bulkOf(listOf(many, "1")), "no ids": bulkOf(listOf(many, `"x"`)), "NULs": bulkOf(listOf(many, `"\u0000"`)),
		"out of range":  bulkOf(listOf(many, `1e999`)),
		"unknown names": `{` + names("1") + `"action":"pause"}`,
		"bad labels":    `{"action":"label","filter":{},"labels":{"set":{` + names("1") + `"x":"y"}}}`,
	} {
		var trees []any // read changes them
		for range 2 {
			tree, err := parseJSON([]byte(body))
			if err != nil {
				t.Fatal(name, err)
			}
			trees = append(trees, tree)
		}
		var found int
		allocations := testing.AllocsPerRun(1, func() {
			_, err := read(a, trees[0], func(*bulkOrder) error { return nil })
			trees = trees[1:]
			problem, _ := errors.AsType[*huma.ErrorModel](err)
			found = len(problem.Errors)
		})
		if found == 0 || found > mostFaults || allocations > 12*many {
			t.Errorf("%s: %d faults, %.1f allocations a value", name, found, allocations/many)
		}
	}
}

func TestABodyHasSoManyValues(t *testing.T) {
	t.Parallel()
	if _, err := parseJSON([]byte(listOf(maxValues-1, "1"))); err != nil {
		t.Error(err)
	}
	for _, value := range []string{"1", "[]", "{}"} {
		if _, err := parseJSON([]byte(listOf(maxValues+1, value))); err == nil {
			t.Errorf("more than %d times %s was read", maxValues, value)
		}
	}
}
