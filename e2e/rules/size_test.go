package rules

import (
	"fmt"
	"go/ast"
	"strings"
	"testing"
)

// Guards, not targets: the median file has 100 to 150 lines, the median function
// less than 10.
const (
	maxFileLines     = 400
	maxFunctionLines = 80
)

func TestNothingIsTooLong(t *testing.T) { keeps(t, sizes) }

func sizes(t *tree) (faults []string) {
	for _, s := range t.sources {
		if n := t.files.File(s.syntax.Pos()).LineCount(); n > maxFileLines && !s.isTest() {
			faults = append(faults, fmt.Sprintf("%s has %d lines, more than %d: it holds more than one noun, so give each a file", s.path, n, maxFileLines))
		}
		for _, declared := range s.syntax.Decls {
			function, ok := declared.(*ast.FuncDecl)
			if ok && t.lines(function) > maxFunctionLines {
				faults = append(faults, fmt.Sprintf("%s:%d: %s has %d lines, more than %d: name its steps and make them functions",
					s.path, t.line(function.Pos()), function.Name.Name, t.lines(function), maxFunctionLines))
			}
		}
	}
	return faults
}

func TestWhatIsTooLongIsFound(t *testing.T) {
	bites(t, sizes, map[string]string{
		"a/long.go":      "package a\n" + strings.Repeat("\n", maxFileLines),
		"a/long_test.go": "package a\n" + strings.Repeat("\n", maxFileLines),
		"a/full.go":      "package a" + strings.Repeat("\n", maxFileLines-1),
		"a/function.go":  "package a\nfunc short() {" + strings.Repeat("\n", maxFunctionLines-1) + "}\nfunc long() {" + strings.Repeat("\n", maxFunctionLines) + "}",
	}, "a/long.go has 401 lines", "a/function.go:82: long has 81 lines")
}
