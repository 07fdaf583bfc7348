package rules

import (
	"fmt"
	"go/ast"
	"strings"
	"testing"
)

func TestTestsNeitherSleepNorSkip(t *testing.T) { keeps(t, waiting) }

// waiting allows sleep where time is simulated and in the one function that
// looks again and again, which is called eventually wherever it is.
func waiting(t *tree) (faults []string) {
	for _, s := range t.sources {
		if !s.isTest() {
			continue
		}
		for _, declared := range s.syntax.Decls {
			function, ok := declared.(*ast.FuncDecl)
			if ok && strings.HasPrefix(function.Name.Name, "eventually") {
				continue
			}
			for _, call := range waits(declared) {
				faults = append(faults, fmt.Sprintf("%s:%d: %s", s.path, t.line(call.node.Pos()), call.problem))
			}
		}
	}
	return faults
}

// wait is a call that a test should do without.
type wait struct {
	node    ast.Node
	problem string
}

func waits(root ast.Node) (found []wait) {
	ast.Inspect(root, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		switch {
		case !ok:
			return true
		case callsTo(call, "synctest", "Test"):
			return false
		case callsTo(call, "time", "Sleep"):
			found = append(found, wait{call, "sleeps: use testing/synctest for pure code and eventually.Succeeds beside servers"})
		case skips(call):
			found = append(found, wait{call, "skips: what is missing is a failure; run it always or delete it"})
		}
		return true
	})
	return found
}

func skips(call *ast.CallExpr) bool {
	for _, receiver := range []string{"t", "b", "f", "tb"} {
		if callsTo(call, receiver, "Skip", "Skipf", "SkipNow") {
			return true
		}
	}
	return callsTo(call, "testing", "Short")
}

func TestSleepsAndSkipsAreFound(t *testing.T) {
	bites(t, waiting, map[string]string{
		"a/a_test.go": `package a
func TestA(t *testing.T) { time.Sleep(1) }
func TestB(t *testing.T) { synctest.Test(t, func(t *testing.T) { time.Sleep(1) }) }
func TestC(t *testing.T) { t.Skip("no database") }
func TestD(t *testing.T) { if testing.Short() { return }; go func() { time.Sleep(1) }() }
func eventually(t *testing.T) { time.Sleep(1) }
func FuzzE(f *testing.F) { f.Fuzz(func(t *testing.T) { t.SkipNow() }) }`,
		"a/a.go": "package a\nfunc work() { time.Sleep(1) }",
	},
		"a/a_test.go:2: sleeps", "a/a_test.go:4: skips", "a/a_test.go:5: skips", "a/a_test.go:5: sleeps", "a/a_test.go:7: skips",
	)
}
