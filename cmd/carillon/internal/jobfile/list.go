package jobfile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// list finds the files that paths mean.
func list(paths []string) (files []string, err error) {
	for _, path := range paths {
		if path == "-" {
			files = append(files, path)
			continue
		}
		w := walk{seen: map[string]bool{}}
		if err := w.visit(path, true); err != nil {
			return nil, err
		}
		files = append(files, w.files...)
	}
	return files, nil
}

// walk finds the files below a folder. What it passed over in silence a prune would
// delete, so it follows links, and fails on those that lead nowhere.
type walk struct {
	files []string
	seen  map[string]bool // folders, by their true paths: links may lead in a circle
}

// visit takes a file, or all below a folder. What is given by name counts whatever it
// is called.
func (w *walk) visit(path string, given bool) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return w.folder(path)
	case given || slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(path))):
		w.files = append(w.files, path)
	}
	return nil
}

// folder visits what is in a folder, once. Names that begin with a dot are how editors,
// git and Kubernetes' volumes keep what is there under another name already.
func (w *walk) folder(path string) error {
	whole, err := filepath.EvalSymlinks(path)
	if err == nil {
		whole, err = filepath.Abs(whole)
	}
	if err != nil || w.seen[whole] {
		return err
	}
	w.seen[whole] = true
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		if err := w.visit(filepath.Join(path, entry.Name()), false); err != nil {
			return err
		}
	}
	return nil
}
