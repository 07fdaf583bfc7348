package answer

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"

	"github.com/theory/jsonpath"
)

// Limit is how much of a body is looked at, in bytes.
const Limit = 256 << 10

// maxDepth is how deep a JSON body may be nested: looking through everything
// costs as much as it has values, times this.
const maxDepth = 100

// ErrTooLarge means that a body is too large to say whether it is good.
var ErrTooLarge = errors.New("too large to be judged")

// Check is a [Success], compiled. It is safe for concurrent use.
type Check struct {
	statuses []span
	body     *regexp.Regexp // nil for any body
	path     *jsonpath.Path // likewise
	equals   any
}

// Status reports whether a status is good.
func (c *Check) Status(code int) bool {
	return slices.ContainsFunc(c.statuses, func(s span) bool { return s.first <= code && code <= s.last })
}

// ReadsBody reports whether [Check.Body] has anything to ask.
func (c *Check) ReadsBody() bool { return c.body != nil || c.path != nil }

// Body judges a body by its start, at most [Limit] bytes, and whether that is all
// of it. It returns nil for a good one, an error that wraps [ErrTooLarge] where
// that cannot be said, and else one that says in a sentence what is not so.
func (c *Check) Body(start []byte, whole bool) error {
	if c.body != nil && !c.body.Match(start) {
		if !whole {
			return fmt.Errorf("%w: nothing in the first %d KiB of the body matches %s", ErrTooLarge, Limit>>10, c.body)
		}
		return fmt.Errorf("nothing in the body matches %s", c.body)
	}
	if c.path == nil {
		return nil
	}
	if !whole {
		return fmt.Errorf("%w: a JSON body of more than %d KiB", ErrTooLarge, Limit>>10)
	}
	return c.query(start)
}

func (c *Check) query(text []byte) error {
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		return errors.New("the body is not JSON")
	}
	if deeper(tree, maxDepth) {
		return fmt.Errorf("%w: a JSON body nested more than %d deep", ErrTooLarge, maxDepth)
	}
	selected := c.path.Select(tree)
	switch {
	case len(selected) == 0:
		return fmt.Errorf("%s selects nothing in the body", c.path)
	case c.equals != nil && !c.among(selected):
		return fmt.Errorf("%s is not %#v in the body", c.path, c.equals)
	}
	return nil
}

// among reports whether one of the selected values is the wanted one; they may be
// arrays and objects too, which cannot be compared by ==.
func (c *Check) among(selected []any) bool {
	return slices.ContainsFunc(selected, func(v any) bool { return reflect.DeepEqual(v, c.equals) })
}

// deeper reports whether a tree is nested more than some levels.
func deeper(tree any, levels int) bool {
	switch node := tree.(type) {
	case []any:
		return levels == 0 || slices.ContainsFunc(node, func(v any) bool { return deeper(v, levels-1) })
	case map[string]any:
		for _, v := range node {
			if deeper(v, levels-1) {
				return true
			}
		}
		return levels == 0
	}
	return false
}
