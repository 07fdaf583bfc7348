package document

import "errors"

// tally counts what a tree amounts to where it is written out. An alias costs a word
// to write and nothing to keep, but stands for all that it names, so that a few
// hundred bytes can mean more than there is memory.
type tally struct{ left int }

// errTooMuch says that a short text means a long one.
var errTooMuch = errors.New("is too long when its aliases (*name) are written out")

// writtenOut fails if the tree of a text comes to more than twice the length that a
// text may have, which it cannot without aliases.
func writtenOut(root any, most int) error {
	t := tally{2 * most}
	if !t.fits(root, 0) {
		return errTooMuch
	}
	return nil
}

func (t *tally) fits(node any, depth int) bool {
	t.left--
	if t.left < 0 || depth > maxDepth {
		return false
	}
	switch node := node.(type) {
	case string:
		t.left -= len(node)
	case []any:
		for _, child := range node {
			if !t.fits(child, depth+1) {
				return false
			}
		}
	case map[string]any:
		for name, child := range node {
			if t.left -= len(name); !t.fits(child, depth+1) {
				return false
			}
		}
	}
	return t.left >= 0
}
