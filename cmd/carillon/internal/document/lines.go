package document

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// LineOf returns the line of a field in the text that the part is of, counted from
// 1: that of the field itself, or of the nearest one around it that is there. A
// field is written as in faults: "schedule.blackouts[1].cron".
func (p Part) LineOf(field string) int {
	line := p.Line + 1 + p.lead()
	if field == "" {
		return line
	}
	file, err := parser.ParseBytes(p.Text, 0)
	if err != nil || len(file.Docs) == 0 {
		return line
	}
	node := file.Docs[0].Body
	for rest := field; rest != ""; {
		var key ast.Node
		if key, node, rest = descend(node, rest); key == nil {
			break
		}
		if at := lineOf(key); at > 0 {
			line = p.Line + at
		}
	}
	return line
}

// lead counts the lines before the first that says something.
func (p Part) lead() (n int) {
	for line := range bytes.Lines(p.Text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return n
		}
		n++
	}
	return 0
}

func lineOf(node ast.Node) int {
	if node == nil || node.GetToken() == nil || node.GetToken().Position == nil {
		return 0
	}
	if mapping, ok := node.(*ast.MappingNode); ok && len(mapping.Values) > 0 {
		return lineOf(mapping.Values[0].Key)
	}
	return node.GetToken().Position.Line
}

var index = regexp.MustCompile(`^\.?\[(\d+)\]`)

// descend finds the first step of a path below a node. A key may have dots in it,
// so the longest one that fits is taken.
func descend(node ast.Node, path string) (key, below ast.Node, rest string) {
	if found := index.FindStringSubmatch(path); found != nil {
		list, ok := unwrapped(node).(*ast.SequenceNode)
		n, err := strconv.Atoi(found[1])
		if !ok || err != nil || n >= len(list.Values) {
			return nil, nil, ""
		}
		return list.Values[n], list.Values[n], path[len(found[0]):]
	}
	path = strings.TrimPrefix(path, ".")
	for _, pair := range pairs(unwrapped(node)) {
		name := pair.Key.GetToken().Value
		after, ok := strings.CutPrefix(path, name)
		if ok && (after == "" || after[0] == '.' || after[0] == '[') && (key == nil || len(after) < len(rest)) {
			key, below, rest = pair.Key, pair.Value, after
		}
	}
	return key, below, rest
}

// pairs are the names and values of a set of fields.
func pairs(node ast.Node) []*ast.MappingValueNode {
	switch node := node.(type) {
	case *ast.MappingNode:
		return node.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{node}
	}
	return nil
}

// unwrapped takes off an anchor or a tag.
func unwrapped(node ast.Node) ast.Node {
	switch node := node.(type) {
	case *ast.AnchorNode:
		return node.Value
	case *ast.TagNode:
		return node.Value
	}
	return node
}
