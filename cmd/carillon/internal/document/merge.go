package document

import (
	"bytes"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// mergesTooMuch reports whether a text merges ("<<: *name") more than there may be.
// The decoder reads what is merged anew each time, so this is asked before it; texts
// without merges are not parsed for it.
func mergesTooMuch(text []byte, most int) bool {
	if !bytes.Contains(text, []byte("<<")) || !bytes.Contains(text, []byte("*")) {
		return false
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return false // the decoder says what is wrong
	}
	w := weights{most / 4, map[string]int{}}
	for _, doc := range file.Docs {
		if w.of(doc.Body) >= w.most {
			return true
		}
	}
	return false
}

// weights count the nodes that anchors stand for, with all that they name themselves.
type weights struct {
	most    int // what is more is not counted
	anchors map[string]int
}

func (w weights) of(node ast.Node) int {
	switch node := node.(type) {
	case *ast.AnchorNode:
		n := w.of(node.Value)
		w.anchors[node.Name.GetToken().Value] = n
		return n
	case *ast.AliasNode:
		return 1 + w.anchors[node.Value.GetToken().Value]
	case *ast.TagNode:
		return w.of(node.Value)
	case *ast.MappingValueNode:
		return min(1+w.of(node.Value), w.most)
	case *ast.MappingNode:
		return sum(w, node.Values)
	case *ast.SequenceNode:
		return sum(w, node.Values)
	}
	return 1
}

func sum[N ast.Node](w weights, nodes []N) int {
	total := 1
	for _, node := range nodes {
		total = min(total+w.of(node), w.most)
	}
	return total
}
