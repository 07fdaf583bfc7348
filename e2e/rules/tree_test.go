// Package rules holds the repository to its own rules: who may import whom, which package owns which library, what a
// package has to say of itself, that modules, documents and settings agree.
//
// A rule is a function from a tree of files to a list of faults, each of which says what to do. It is shown twice: that
// the repository keeps it, and, on a small tree made up for it, that it bites. Rules read and parse; they build nothing,
// so they work, within a second, on a tree that does not compile.
//
// Left out: what gofmt, vet, staticcheck and the compiler see already. See `make check`.
package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

// home is the path that all modules of the repository begin with.
const home = "github.com/carillon-cron/carillon/"

// tree is the repository, or a made-up one: paths are relative to its root.
type tree struct {
	fs.FS
	sources []source
	files   *token.FileSet
}

// source is one parsed Go file.
type source struct {
	path   string
	syntax *ast.File
}

func (s source) dir() string  { return path.Dir(s.path) }
func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// imports are the paths that the file imports.
func (s source) imports() []string {
	var all []string
	for _, spec := range s.syntax.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			all = append(all, p)
		}
	}
	return all
}

func (t *tree) line(node token.Pos) int { return t.files.Position(node).Line }

// lines is how many lines a part of a file takes.
func (t *tree) lines(node ast.Node) int { return t.line(node.End()) - t.line(node.Pos()) + 1 }

// repository is the tree that this file lies in.
var repository = sync.OnceValues(func() (*tree, error) { return read(os.DirFS("../..")) })

func read(files fs.FS) (*tree, error) {
	t := &tree{FS: files, files: token.NewFileSet()}
	paths, err := t.glob(".go")
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		text, err := fs.ReadFile(t, p)
		if err != nil {
			return nil, err
		}
		syntax, err := parser.ParseFile(t.files, p, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		t.sources = append(t.sources, source{p, syntax})
	}
	return t, nil
}

// glob lists the files whose names end in a suffix, but for hidden folders and
// what others have built or brought.
func (t *tree) glob(suffix string) (paths []string, err error) {
	err = fs.WalkDir(t, ".", func(p string, entry fs.DirEntry, err error) error {
		hidden := strings.HasPrefix(entry.Name(), ".") && p != "."
		if entry.IsDir() && (hidden || slices.Contains([]string{"node_modules", "bin", "dist"}, entry.Name())) {
			return fs.SkipDir
		}
		if !entry.IsDir() && strings.HasSuffix(p, suffix) {
			paths = append(paths, p)
		}
		return err
	})
	return paths, err
}

func (t *tree) text(path string) string {
	text, err := fs.ReadFile(t, path)
	if err != nil {
		return ""
	}
	return string(text)
}

// keeps checks that the repository keeps a rule.
func keeps(t *testing.T, rule func(*tree) []string) {
	t.Helper()
	t.Parallel()
	repo, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	faults := rule(repo)
	slices.Sort(faults)
	for _, fault := range faults {
		t.Error(fault)
	}
}

// bites checks that a rule has exactly these faults, by what they begin with, to
// find with a made-up tree.
func bites(t *testing.T, rule func(*tree) []string, files map[string]string, want ...string) {
	t.Helper()
	t.Parallel()
	made := fstest.MapFS{}
	for p, text := range files {
		made[p] = &fstest.MapFile{Data: []byte(text)}
	}
	small, err := read(made)
	if err != nil {
		t.Fatal(err)
	}
	got := rule(small)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
