// Package document reads what people write into files, in YAML or in JSON,
// which is YAML too, into the types of the API.
//
// A file is read in two steps. [Parse] takes the text, knows nothing of its
// meaning, and shows the line where it goes wrong. [Tree.Decode] fills a value
// and names everything in the tree that does not fit it: fields that do not
// exist, and values of another form. encoding/json could do this too, but it
// takes names in any case, stops at the first fault, and does not say where an
// unknown field is.
//
// Whether what fits also makes sense is for the types themselves to say. The
// form of the file is not kept: comments, order and anchors are lost.
package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// MaxBytes is the length of the longest text that is read: that of the longest
// request that the API takes.
const MaxBytes = 1 << 20

// maxDepth is far deeper than any type of the API.
const maxDepth = 100

// Tree is a document whose meaning is open.
type Tree struct{ root any }

// Parse reads the one document of a text that is no longer than [MaxBytes].
func Parse(text []byte) (Tree, error) { return ParseUpTo(text, MaxBytes) }

// ParseUpTo reads the one document of a text of at most so many bytes.
func ParseUpTo(text []byte, most int) (Tree, error) {
	switch {
	case len(text) > most:
		return Tree{}, fmt.Errorf("is longer than %d KiB", most>>10)
	case !utf8.Valid(text):
		return Tree{}, errors.New("is not UTF-8")
	}
	if deep(text) {
		return Tree{}, fmt.Errorf("is nested deeper than %d levels", maxDepth)
	}
	if mergesTooMuch(text, most) {
		return Tree{}, errTooMuch
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var root, more any
	switch err := decoder.Decode(&root); {
	case errors.Is(err, io.EOF):
		return Tree{}, errors.New("is empty")
	case err != nil:
		return Tree{}, legible(err)
	}
	if decoder.Decode(&more) != io.EOF {
		return Tree{}, errors.New("holds more than one document")
	}
	if err := writtenOut(root, most); err != nil {
		return Tree{}, err
	}
	return Tree{root}, nil
}

// legible shows where the text is wrong, and leaves out lines nobody could read.
func legible(err error) error {
	const most = 1000
	text := yaml.FormatError(err, false, true)
	if len(text) > most {
		text = yaml.FormatError(err, false, false)
	}
	return fmt.Errorf("is not valid YAML or JSON: %s\n(values that begin with *, @, [ or another sign need quotes)", text)
}

// Has reports whether the document has a field of that name.
func (t Tree) Has(name string) bool {
	fields, _ := t.root.(map[string]any)
	_, ok := fields[name]
	return ok
}
